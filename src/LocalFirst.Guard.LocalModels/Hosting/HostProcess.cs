using System.Diagnostics;
using System.IO.Pipes;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;
using LocalFirst.Guard.LocalModels.Endpoints;

namespace LocalFirst.Guard.LocalModels.Hosting;

/// <summary>The host ended before it was ready.</summary>
/// <param name="exitCode">Its exit code; 128 and a signal's number when it was killed, -1 when it was too slow.</param>
/// <param name="reason">The last line that it wrote for people, or null.</param>
internal sealed class HostStartException(int exitCode, string? reason) : Exception(reason ?? $"it ended with code {exitCode}")
{
    /// <summary>Its exit code.</summary>
    public int ExitCode { get; } = exitCode;

    /// <summary>Whether trying again cannot help: model (70), natives (71) or arguments (64) are wrong.</summary>
    public bool IsPermanent => ExitCode is 64 or 70 or 71;
}

/// <summary>One running model host: its process, its private folder, and the client to its socket.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private const string LinePrefix = "guard-host: ";

    private readonly Process _process;
    private readonly HostFolder _folder;
    private readonly TaskCompletionSource _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _lastLine;

    private HostProcess(Process process, HostFolder folder, HttpClient http)
    {
        _process = process;
        _folder = folder;
        Http = http;
    }

    /// <summary>Client to its socket, with the token.</summary>
    public HttpClient Http { get; }

    /// <summary>What it said of itself when it was ready.</summary>
    public HostHealth Health { get; private set; } = new("", "", "", 0, false, "");

    /// <summary>Its process id.</summary>
    public int Id { get; private set; }

    /// <summary>Completes when it has ended.</summary>
    public Task Exited => _exited.Task;

    /// <summary>Starts a host and waits until it serves.</summary>
    /// <param name="settings">What to run.</param>
    /// <param name="natives">The verified natives.</param>
    /// <param name="tier">How much confinement to try.</param>
    /// <param name="cancellation">Gives up; the process is ended.</param>
    /// <exception cref="HostStartException">It ended or was too slow.</exception>
    /// <exception cref="ExecutorException">Its program is missing.</exception>
    public static async Task<HostProcess> StartAsync(HostSettings settings, NativesFolder natives, ConfinementTier tier, CancellationToken cancellation)
    {
        var folder = HostFolder.Create(settings.RunFolder);
        var token = Convert.ToHexString(RandomNumberGenerator.GetBytes(32));
        var model = Path.GetFullPath(settings.Model);
        var culture = System.Globalization.CultureInfo.InvariantCulture;
        string[] arguments = [model, natives.Path, folder.Endpoint, settings.ContextSize.ToString(culture), settings.Threads.ToString(culture)];
        HostProcess host;
        try
        {
            var start = HostLauncher.Build(tier, folder, [natives.Path, model], !natives.IsOwnBuild, arguments);
            var process = new Process { StartInfo = start, EnableRaisingEvents = true };
            host = new HostProcess(process, folder, CreateClient(folder.Endpoint, token));
            process.Exited += (_, _) => host._exited.TrySetResult();
            process.Start();
            host.Id = process.Id;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            folder.Dispose();
            throw new HostStartException(127, $"its program cannot be started ({e.NativeErrorCode})");
        }
        catch
        {
            folder.Dispose();
            throw;
        }

        try
        {
            await host.WaitUntilReadyAsync(token, settings.StartLimit, cancellation);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        try
        {
            _process.Kill(entireProcessTree: true);
            await _exited.Task.WaitAsync(TimeSpan.FromSeconds(5));
        }
        catch (Exception e) when (e is InvalidOperationException or TimeoutException or System.ComponentModel.Win32Exception or NotSupportedException)
        {
            // It had ended already, or was never started.
        }

        _process.Dispose();
        _folder.Dispose();
    }

    private static HttpClient CreateClient(string endpoint, string token)
    {
        var handler = ChatClient.CreateHandler(async (_, cancellation) =>
        {
            if (OperatingSystem.IsWindows())
            {
                var pipe = new NamedPipeClientStream(".", endpoint, PipeDirection.InOut, PipeOptions.Asynchronous | PipeOptions.CurrentUserOnly);
                await pipe.ConnectAsync(cancellation);
                return pipe;
            }

            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(endpoint), cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        });
        var http = new HttpClient(handler) { BaseAddress = new Uri("http://model-host/"), Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return http;
    }

    private async Task WaitUntilReadyAsync(string token, TimeSpan limit, CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(limit);
        var errors = KeepLastLineAsync();
        try
        {
            // The pipe stays open as long as the broker lives: its end is how the host learns that nobody needs it.
            await _process.StandardInput.WriteLineAsync(token.AsMemory(), timeout.Token);
            await _process.StandardInput.FlushAsync(timeout.Token);
            if (await _process.StandardOutput.ReadLineAsync(timeout.Token) == "ready")
            {
                Health = HostHealth.Parse(await Http.GetStringAsync("health", timeout.Token));
                return;
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new HostStartException(-1, $"it was not ready within {limit.TotalSeconds:0} s");
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            // It died while it was spoken to; its exit code below says more.
        }

        await _process.WaitForExitAsync(timeout.Token);
        await errors;
        throw new HostStartException(_process.ExitCode, _lastLine);
    }

    // Only lines that the host wrote for people are kept; whatever else native code prints goes nowhere.
    private async Task KeepLastLineAsync()
    {
        try
        {
            using var lines = new BoundedLineReader(_process.StandardError.BaseStream, 65_536);
            while (await lines.ReadLineAsync(CancellationToken.None) is { } line)
            {
                if (line.StartsWith(LinePrefix, StringComparison.Ordinal))
                {
                    _lastLine = line[LinePrefix.Length..];
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The pipe is gone with the process.
        }
    }
}
