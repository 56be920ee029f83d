using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using LocalFirst.Guard.EndToEnd.Broker;
using LocalFirst.Guard.MachineSetup.Processes;

namespace LocalFirst.Guard.EndToEnd.Fleet;

/// <summary>A running <c>guard server</c> with its directory: the real binary, HTTPS, a home of its own.</summary>
internal sealed class FleetServer : IAsyncDisposable
{
    private Process _process;
    private readonly TestFolder _home;

    private FleetServer(Process process, TestFolder home, Uri url, OidcProvider directory)
    {
        _process = process;
        _home = home;
        Url = url;
        Directory = directory;
    }

    public Uri Url { get; }

    public OidcProvider Directory { get; }

    public string Home => _home.Path;

    public static async Task<FleetServer> StartAsync(string database = "", string? tenant = null)
    {
        // The directory has to know the address before the server has it.
        var url = new Uri($"https://localhost:{FreePort()}/");
        var directory = await OidcProvider.StartAsync(url);
        var home = new TestFolder();
        await File.WriteAllTextAsync(home.File("guard.yaml"), Settings(directory, url, database, tenant));
        return new FleetServer(await StartProcessAsync(home, directory), home, url, directory);
    }

    /// <summary>kill −9: no handler of it runs.</summary>
    public async Task KillAsync()
    {
        Processes.End(_process);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    /// <summary>Starts it on the same home and address.</summary>
    public async Task StartAgainAsync() => _process = await StartProcessAsync(_home, Directory);

    /// <summary>A client that trusts the server's certificate and follows no redirect.</summary>
    public HttpClient NewClient()
    {
        var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false };
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(Directory.RootFile);
        return new HttpClient(handler) { BaseAddress = Url };
    }

    /// <summary>SIGTERM; returns the exit code.</summary>
    public async Task<int> StopAsync()
    {
        UnixSignal.Send(_process.Id, UnixSignal.Terminate);
        await _process.WaitForExitAsync().Within("the end of guard server after SIGTERM");
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Processes.End(_process);
        await _process.WaitForExitAsync();
        _process.Dispose();
        await Directory.DisposeAsync();
        _home.Dispose();
    }

    private static async Task<Process> StartProcessAsync(TestFolder home, OidcProvider directory)
    {
        var process = Process.Start(Command(home, directory, "server"))!;
        process.StandardInput.Close();
        var errors = Processes.Collect(process.StandardError);
        var line = await process.StandardOutput.ReadLineAsync().Within("the line `ready server=…` of guard server");
        if (line?.StartsWith("ready server=", StringComparison.Ordinal) != true)
        {
            Processes.End(process);
            throw new InvalidOperationException($"guard server did not start: {line}\n{string.Join('\n', errors)}");
        }

        Processes.Collect(process.StandardOutput);
        return process;
    }

    private static string Settings(OidcProvider directory, Uri url, string database, string? tenant) =>
        $"""
        fleet:
          name: Test fleet
          listen: 127.0.0.1:{url.Port}
          certificate: {directory.CertificateFile}
          certificateKey: {directory.KeyFile}
        {(database.Length == 0 ? "" : $"  database: \"{database}\"")}
        azureAd:
          instance: {directory.Instance}
          tenantId: {tenant ?? OidcProvider.Tenant}
          clientId: {OidcProvider.Client}
          deviceClientId: {OidcProvider.DeviceClient}

        """;

    // Nothing of the test is in the product: the directory's root is trusted as an operator would make it trusted.
    private static ProcessStartInfo Command(TestFolder home, OidcProvider directory, string command)
    {
        var start = GuardCli.Command(home.Path, [command, "--home", home.Path]);
        start.Environment["SSL_CERT_FILE"] = directory.RootFile;
        start.Environment["AzureAd__ClientSecret"] = directory.Secret;
        return start;
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
