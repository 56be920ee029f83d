using System.Diagnostics;
using System.Text.RegularExpressions;
using LocalFirst.Guard.MachineSetup.Processes;

namespace LocalFirst.Guard.Commands;

/// <summary>A broker of this program's own, in a process of its own, for as long as it is needed.</summary>
internal sealed partial class PrivateBroker : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    /// <summary>A broker drains for 5 s at most; the rest is a busy machine.</summary>
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(8);

    private readonly Process _process;

    private PrivateBroker(Process process, Uri proxy)
    {
        _process = process;
        Proxy = proxy;
    }

    public Uri Proxy { get; }

    public static async Task<PrivateBroker> StartAsync(GuardHome home, string? config, CancellationToken cancellation)
    {
        var process = Process.Start(Command(home, config))!;
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(StartLimit);
        try
        {
            while (await process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
            {
                if (Ready().Match(line) is { Success: true } match)
                {
                    // What it prints later must not fill the pipe and stop it.
                    _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
                    return new PrivateBroker(process, new Uri(match.Groups[1].Value));
                }
            }
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            process.Dispose();
            cancellation.ThrowIfCancellationRequested();
            throw new GuardException($"The broker was not ready within {StartLimit.TotalSeconds:0} s.", "Start guard run in another terminal to see why, then use guard exec again.");
        }

        await process.WaitForExitAsync(cancellation);
        process.Dispose();
        throw new GuardException($"The broker did not start:\n{(await errors).Trim()}", "Mend that, then use guard exec again; guard doctor checks every link.");
    }

    public async ValueTask DisposeAsync()
    {
        using (_process)
        {
            if (!_process.HasExited && UnixSignal.Send(_process.Id, UnixSignal.Terminate))
            {
                using var limit = new CancellationTokenSource(StopLimit);
                try
                {
                    await _process.WaitForExitAsync(limit.Token);
                    return;
                }
                catch (OperationCanceledException)
                {
                    // It does not listen; ended below.
                }
            }

            if (!_process.HasExited)
            {
                _process.Kill(entireProcessTree: true);
            }
        }
    }

    private static ProcessStartInfo Command(GuardHome home, string? config)
    {
        var program = Environment.ProcessPath!;
        string[] command =
        [
            program,
            // Started as `dotnet guard.dll`, the program is dotnet.
            .. Path.GetFileNameWithoutExtension(program) == "dotnet" ? [typeof(PrivateBroker).Assembly.Location] : Array.Empty<string>(),
            "run", "--home", home.Root, "--listen", "127.0.0.1:0", "--portal", "127.0.0.1:0",
            .. config is null ? [] : new[] { "--config", config },
        ];

        // Out of the terminal's foreground group, or Ctrl-C would take the broker from under a command that goes on.
        if (!OperatingSystem.IsWindows() && ProgramPath.Find("setsid") is { } setsid)
        {
            command = [setsid, .. command];
        }

        return new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
    }

    [GeneratedRegex(@"^ready proxy=(http://\S+) portal=\S+$")]
    private static partial Regex Ready();
}
