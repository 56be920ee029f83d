using System.Diagnostics;

namespace LocalFirst.Guard.Benchmarks;

/// <summary>The real binary, in a process of its own.</summary>
internal sealed class BrokerProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    private BrokerProcess(Process process, Uri proxy)
    {
        _process = process;
        Proxy = proxy;
    }

    public Uri Proxy { get; }

    public long PeakMemoryBytes
    {
        get
        {
            _process.Refresh();
            return _process.PeakWorkingSet64;
        }
    }

    /// <summary>Processor time so far. Unlike latency it hardly depends on what else the machine does.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public static async Task<BrokerProcess> StartAsync(string home)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, UseShellExecute = false };
        foreach (var argument in new[] { Path.Combine(AppContext.BaseDirectory, "guard.dll"), "run", "--home", home, "--listen", "127.0.0.1:0", "--portal", "127.0.0.1:0" })
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException("guard did not start");
        using var timeout = new CancellationTokenSource(StartTimeout);
        while (await process.StandardOutput.ReadLineAsync(timeout.Token) is { } line)
        {
            const string ready = "ready proxy=";
            if (line.StartsWith(ready, StringComparison.Ordinal))
            {
                return new BrokerProcess(process, new Uri(line[ready.Length..].Split(' ')[0]));
            }
        }

        throw new InvalidOperationException("guard ended before it was ready");
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
