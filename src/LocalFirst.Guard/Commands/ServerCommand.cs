using System.CommandLine;
using System.Runtime.InteropServices;
using LocalFirst.Guard.CommandLine;
using LocalFirst.Guard.Configuration;
using LocalFirst.Guard.Running;
using LocalFirst.Guard.Serving;

namespace LocalFirst.Guard.Commands;

/// <summary>`guard server`: the fleet's side, until it is told to stop.</summary>
internal static class ServerCommand
{
    private static readonly Option<string?> Listen = new("--listen") { Description = "Where to listen; anything but loopback needs fleet.certificate (default 127.0.0.1:8443).", HelpName = "IP:PORT" };

    private static readonly Option<string?> Database = new("--database") { Description = "PostgreSQL connection string, or path of an SQLite file (default: fleet.db in the home). Passwords belong into PGPASSFILE.", HelpName = "CONNECTION" };

    public static Command Create()
    {
        var command = GuardCommandLine.Describe("server", "Start the fleet's server: enrolment, policy, upload, portal.", "guard server --listen 127.0.0.1:8443");
        command.Options.Add(Listen);
        command.Options.Add(Database);
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken cancellation)
    {
        ProcessHardening.ForbidDumps();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => StopOn(context, stop));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => StopOn(context, stop));

        var settings = SettingsFile.Load(CommonOptions.ConfigOf(parse), mustExist: parse.GetResult(CommonOptions.Config) is not null);
        var fleet = settings.Fleet with { Database = parse.GetValue(Database) ?? settings.Fleet.Database };
        if (parse.GetValue(Listen) is { } listen)
        {
            fleet = LoopbackEndpoint.TryParseAny(listen, out var endpoint, out var what, out var next)
                ? fleet with { Listen = endpoint }
                : throw new GuardException($"--listen {listen}: {what}", next);
        }

        try
        {
            await using var host = await ServerHost.StartAsync(CommonOptions.HomeOf(parse), fleet, settings.AzureAd, settings.Plans, stop.Token);
            await Console.Out.WriteLineAsync($"ready server={host.Url.GetLeftPart(UriPartial.Authority)}");
            await Console.Out.FlushAsync(stop.Token);
            await Task.Delay(Timeout.Infinite, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The way every run ends.
        }

        return 0;
    }

    private static void StopOn(PosixSignalContext context, CancellationTokenSource stop)
    {
        context.Cancel = true;
        try
        {
            stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // A second Ctrl-C while the server is already stopping.
        }
    }
}
