using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;
using LocalFirst.Guard.EndToEnd.Provider;
using LocalFirst.Guard.MachineSetup.Processes;

namespace LocalFirst.Guard.EndToEnd.Broker;

/// <summary>A running <c>guard run</c>: the real binary with a home of its own.</summary>
internal sealed partial class GuardProcess : IAsyncDisposable
{
    /// <summary>The contract's word for a drain.</summary>
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(5);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _errors;

    private GuardProcess(Process process, string home, Uri proxy, Uri portal, ConcurrentQueue<string> errors)
    {
        _process = process;
        _errors = errors;
        Home = home;
        Proxy = proxy;
        Portal = portal;
    }

    public string Home { get; }

    public Uri Proxy { get; }

    public Uri Portal { get; }

    public int Id => _process.Id;

    public bool IsRunning => !_process.HasExited;

    public string Errors => string.Join('\n', _errors);

    /// <summary>What it holds in memory now, for people to look at.</summary>
    public long ResidentMegabytes()
    {
        _process.Refresh();
        return _process.WorkingSet64 / 1_000_000;
    }

    public string RootPem => Path.Combine(Home, "ca", "root.pem");

    public string BundlePem => Path.Combine(Home, "ca", "bundle.pem");

    public Uri OpenAiBase => new(Proxy, "openai/v1");

    public Uri AnthropicBase => new(Proxy, "anthropic");

    /// <summary>Writes the configuration that sends every provider's host to the fake one.</summary>
    public static Task ConfigureAsync(string home, FakeProvider provider, string more = "") =>
        ConfigureAsync(home, provider.Address, provider.TrustFile, more);

    public static Task ConfigureAsync(string home, Uri upstream, string trust, string more = "") => File.WriteAllTextAsync(
        Path.Combine(home, "guard.yaml"),
        $"""
        upstreams:
          api.openai.com: {upstream.GetLeftPart(UriPartial.Authority)}
          api.anthropic.com: {upstream.GetLeftPart(UriPartial.Authority)}
        upstreamTrust: {trust}
        {more}

        """);

    /// <summary>Starts it and waits for the line that says it listens.</summary>
    public static async Task<GuardProcess> StartAsync(string home, IEnumerable<string>? more = null)
    {
        var start = GuardCli.Command(home, ["run", "--home", home, "--listen", "127.0.0.1:0", "--portal", "127.0.0.1:0", .. more ?? []]);
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        var errors = Processes.Collect(process.StandardError);
        try
        {
            var (proxy, portal) = await ReadReadyAsync(process, errors).Within("the line `ready proxy=… portal=…` of guard run");
            // What it prints afterwards is read too, or a full pipe would stop it.
            Processes.Collect(process.StandardOutput);
            return new GuardProcess(process, home, proxy, portal, errors);
        }
        catch
        {
            Processes.End(process);
            process.Dispose();
            throw;
        }
    }

    /// <summary>SIGTERM; returns the exit code. Fails when the drain takes longer than the contract says.</summary>
    public async Task<int> StopAsync()
    {
        UnixSignal.Send(_process.Id, UnixSignal.Terminate);
        // The drain itself is bounded by 5 s; the rest is a busy machine ending a process.
        await _process.WaitForExitAsync().Within("the end of guard run after SIGTERM", DrainLimit + TimeSpan.FromSeconds(5));
        return _process.ExitCode;
    }

    /// <summary>kill −9 of this one process: no handler of it runs.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: false);
        await _process.WaitForExitAsync().Within("the end of a killed broker");
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (!_process.HasExited)
            {
                UnixSignal.Send(_process.Id, UnixSignal.Terminate);
                await _process.WaitForExitAsync().WaitAsync(DrainLimit + TimeSpan.FromSeconds(5));
            }
        }
        catch (TimeoutException)
        {
            // Ended the hard way below; the tests of `guard run` itself are the ones that judge its drain.
        }
        finally
        {
            Processes.End(_process);
            _process.Dispose();
        }
    }

    private static async Task<(Uri Proxy, Uri Portal)> ReadReadyAsync(Process process, ConcurrentQueue<string> errors)
    {
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (Ready().Match(line) is { Success: true } match)
            {
                return (new Uri(match.Groups["proxy"].Value), new Uri(match.Groups["portal"].Value));
            }
        }

        await process.WaitForExitAsync();
        throw new InvalidOperationException($"guard run ended with {process.ExitCode} before it was ready:\n{string.Join('\n', errors)}");
    }

    [GeneratedRegex(@"^ready proxy=(?<proxy>http://127\.0\.0\.1:\d+) portal=(?<portal>http://\S+)$")]
    private static partial Regex Ready();
}
