using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace LocalFirst.Guard.Testing;

/// <summary>A real PostgreSQL server of the test's own: a folder in temp, a free port on loopback, gone with the test.</summary>
internal sealed class PostgreSqlServer : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly string _binaries;
    private readonly string _folder;
    private readonly int _port;
    private Process? _process;

    private PostgreSqlServer(string binaries, string folder, int port)
    {
        _binaries = binaries;
        _folder = folder;
        _port = port;
    }

    /// <summary>Its connection string. No password: it trusts whoever reaches its loopback port, for the minute that it lives.</summary>
    public string Connection => $"Host=127.0.0.1;Port={_port};Database=postgres;Username=postgres;Timeout=5";

    public static async Task<PostgreSqlServer> StartAsync()
    {
        var binaries = Directory.Exists("/usr/lib/postgresql")
            ? Directory.GetDirectories("/usr/lib/postgresql").Order().Select(v => Path.Combine(v, "bin")).LastOrDefault(b => File.Exists(Path.Combine(b, "initdb")))
            : null;
        Tools.Require(binaries is not null, "This test needs Debian's postgresql package; .ci/prepare installs it.");

        var folder = Path.Combine(Path.GetTempPath(), "guard-pg-" + Guid.NewGuid().ToString("N")[..12]);
        Directory.CreateDirectory(folder);
        var server = new PostgreSqlServer(binaries, folder, FreePort());
        try
        {
            if (Environment.IsPrivilegedProcess)
            {
                await RunAsync("chown", ["postgres", folder]);
            }

            await RunAsync(server.Program("initdb", ["-D", server.Data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"]));
            await server.StartAgainAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends the server as a power loss would: SIGKILL, nothing written any more.</summary>
    public async Task KillAsync()
    {
        var process = _process!;
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
        _process = null;
        NpgsqlConnection.ClearAllPools();
    }

    /// <summary>Ends the server as <c>pg_ctl stop -m immediate</c> does: at once, to be recovered at the next start.</summary>
    public async Task StopImmediatelyAsync()
    {
        await RunAsync(Program("pg_ctl", ["stop", "-D", Data, "-m", "immediate", "-w", "-s"]));
        await _process!.WaitForExitAsync();
        _process.Dispose();
        _process = null;
        NpgsqlConnection.ClearAllPools();
    }

    /// <summary>Runs SQL as the superuser.</summary>
    public async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(Connection + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>From now on this user needs its password.</summary>
    public async Task RequirePasswordAsync(string user)
    {
        var path = Path.Combine(Data, "pg_hba.conf");
        await File.WriteAllTextAsync(path, $"host all {user} 127.0.0.1/32 scram-sha-256\n" + await File.ReadAllTextAsync(path));
        await ExecuteAsync("SELECT pg_reload_conf()");
    }

    /// <summary>Starts it on the same data and port.</summary>
    public async Task StartAgainAsync()
    {
        var start = Program("postgres", ["-D", Data, "-k", _folder, "-p", $"{_port}", "-c", "listen_addresses=127.0.0.1"]);
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        for (var limit = Stopwatch.StartNew(); ;)
        {
            try
            {
                await using var connection = new NpgsqlConnection(Connection + ";Pooling=false");
                await connection.OpenAsync();
                return;
            }
            catch (NpgsqlException) when (limit.Elapsed < StartLimit && !_process.HasExited)
            {
                await Task.Delay(50);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await KillAsync();
        }

        // Its last children may still be closing files.
        for (var tries = 0; Directory.Exists(_folder); tries++)
        {
            try
            {
                Directory.Delete(_folder, recursive: true);
            }
            catch (IOException) when (tries < 50)
            {
                await Task.Delay(50);
            }
        }
    }

    private string Data => Path.Combine(_folder, "data");

    // PostgreSQL refuses to run as root. setpriv becomes the program, so that the id we started is the server's.
    private ProcessStartInfo Program(string name, string[] arguments)
    {
        var path = Path.Combine(_binaries, name);
        return Environment.IsPrivilegedProcess
            ? Info("setpriv", ["--reuid=postgres", "--regid=postgres", "--init-groups", path, .. arguments])
            : Info(path, arguments);
    }

    private ProcessStartInfo Info(string program, string[] arguments) =>
        new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder };

    private static Task RunAsync(string program, string[] arguments) =>
        RunAsync(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true });

    private static async Task RunAsync(ProcessStartInfo start)
    {
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{start.FileName} ended with {process.ExitCode}: {await output}{errors}");
        }
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
