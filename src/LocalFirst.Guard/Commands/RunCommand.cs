using System.CommandLine;
using System.Runtime.InteropServices;
using LocalFirst.Guard.CommandLine;
using LocalFirst.Guard.Configuration;
using LocalFirst.Guard.MachineSetup.Processes;
using LocalFirst.Guard.Running;

namespace LocalFirst.Guard.Commands;

/// <summary>`guard run`: the broker, until it is told to stop.</summary>
internal static class RunCommand
{
    private static readonly Option<string?> Listen = new("--listen") { Description = "Address of the proxy; loopback only, port 0 takes a free one (default 127.0.0.1:8899).", HelpName = "IP:PORT" };

    private static readonly Option<string?> Portal = new("--portal") { Description = "Address of the portal; loopback only, port 0 takes a free one (default 127.0.0.1:8898).", HelpName = "IP:PORT" };

    public static Command Create()
    {
        var command = GuardCommandLine.Describe("run", "Start the broker; it runs until Ctrl-C or SIGTERM.", "guard run --listen 127.0.0.1:8899");
        command.Options.Add(Listen);
        command.Options.Add(Portal);
        command.SetAction(RunAsync);
        return command;
    }

    /// <summary>The settings of the file with the flags of the command line over them.</summary>
    public static GuardSettings SettingsOf(ParseResult parse)
    {
        var settings = SettingsFile.Load(CommonOptions.ConfigOf(parse), mustExist: parse.GetResult(CommonOptions.Config) is not null);
        if (parse.GetValue(Listen) is { } listen)
        {
            settings = settings with { Listen = LoopbackEndpoint.Parse(listen, "--listen") };
        }

        if (parse.GetValue(Portal) is { } portal)
        {
            settings = settings with { Portal = LoopbackEndpoint.Parse(portal, "--portal") };
        }

        return settings;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken cancellation)
    {
        ProcessHardening.LeaveDiagnosticsOff();
        ProcessHardening.ForbidDumps();

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => StopOn(context, stop));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => StopOn(context, stop));

        var home = CommonOptions.HomeOf(parse);
        var settings = SettingsOf(parse);
        await using var host = await BrokerHost.StartAsync(home, settings, stop.Token);
        var running = new RunningBroker(Environment.ProcessId, host.Proxy, host.Portal);
        running.Write(home.Run);
        try
        {
            await SayWhatStandsAsync(host);
            await Console.Out.WriteLineAsync($"ready proxy={Plain(host.Proxy)} portal={Plain(host.Portal)}");
            await Console.Out.FlushAsync(stop.Token);
            await Task.Delay(Timeout.Infinite, stop.Token);
        }
        catch (OperationCanceledException)
        {
            // The way every run ends.
        }
        finally
        {
            running.Delete(home.Run);
        }

        return 0;
    }

    private static async Task SayWhatStandsAsync(BrokerHost host)
    {
        var status = host.Executor.Status;
        if (!status.Available)
        {
            await Console.Error.WriteLineAsync($"guard: no local answers: {status.Description}\n  → Flagged requests are refused until then; clean ones go on.");
        }

        await Console.Error.WriteLineAsync($"guard: clients trust {host.RootCertificate}; `guard exec -- CMD` sets everything for one command.");
    }

    private static string Plain(Uri address) => address.GetLeftPart(UriPartial.Authority);

    private static void StopOn(PosixSignalContext context, CancellationTokenSource stop)
    {
        context.Cancel = true;
        try
        {
            stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // A second Ctrl-C while the broker is already stopping.
        }
    }
}
