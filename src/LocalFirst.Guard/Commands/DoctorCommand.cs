using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using LocalFirst.Guard.CommandLine;
using LocalFirst.Guard.Diagnosis;
using LocalFirst.Guard.MachineSetup.Doctor;
using LocalFirst.Guard.MachineSetup.Processes;
using LocalFirst.Guard.MachineSetup.Runtimes;
using LocalFirst.Guard.Protocols;
using Spectre.Console;

namespace LocalFirst.Guard.Commands;

/// <summary><c>guard doctor</c>: each link of the chain checked, with the mend. Exit 0 when none fails, 1 when one does.</summary>
internal static class DoctorCommand
{
    private const int SomeFailed = 1;

    private const int UnwrappedWidth = 10_000;

    private static readonly TimeSpan NodeLimit = TimeSpan.FromSeconds(5);

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static Command Create()
    {
        var format = new Option<string>("--format") { Description = "text or json.", HelpName = "FORMAT", DefaultValueFactory = _ => "text" };
        format.AcceptOnlyFromAmong("text", "json");
        var command = GuardCommandLine.Describe("doctor", "Check each link between your tools and the broker, and say how to mend it.", "guard doctor --format json");
        command.Options.Add(format);
        command.SetAction((parse, cancellation) => RunAsync(Checks(CommonOptions.HomeOf(parse), CommonOptions.ConfigOf(parse), parse.GetResult(CommonOptions.Config) is not null), parse.GetValue(format) == "json", cancellation));
        return command;
    }

    internal static async Task<int> RunAsync(IEnumerable<IDoctorCheck> checks, bool json, CancellationToken cancellation)
    {
        var results = new List<(string Name, CheckResult Result)>();
        foreach (var check in checks)
        {
            results.Add((check.Name, await check.RunAsync(cancellation)));
        }

        if (json)
        {
            await Console.Out.WriteLineAsync(ToJson(results));
        }
        else
        {
            WriteTable(results);
        }

        return results.Any(r => r.Result.Status == CheckStatus.Fail) ? SomeFailed : 0;
    }

    /// <summary>The chain, from the home folder outwards to the shell.</summary>
    private static List<IDoctorCheck> Checks(GuardHome home, string config, bool isNamed)
    {
        var root = Path.Combine(home.CertificateAuthority, "root.pem");
        var bundle = Path.Combine(home.CertificateAuthority, "bundle.pem");
        var broker = RunningBroker.Read(home.Run);
        return
        [
            new HomeFolderCheck(home.Root),
            new DiskSpaceCheck(home.Root),
            new ConfigurationCheck(config, isNamed),
            new AuditLogCheck(home),
            new BrokerCheck(home.Run),
            new CertificateFilesCheck(home.CertificateAuthority),
            new CertificateAuthorityCheck(home, TimeProvider.System),
            new BundleCheck(root, bundle),
            new NativesCheck(Path.Combine(AppContext.BaseDirectory, "runtimes")),
            new ModelCheck(home, config),
            new ConfinementCheck(),
            new CodeIndexCheck(home),
            new FleetCheck(home, config, TimeProvider.System),
            new FleetServerCheck(home, TimeProvider.System),
            new FleetUploadCheck(home),
            new RuntimeVariablesCheck(broker is null ? [] : RuntimeVariables.For(broker.Proxy, root, bundle), Environment.GetEnvironmentVariable),
            new NoProxyCheck([.. ProviderCatalogue.LoadBuiltIn().Providers.SelectMany(p => p.Hosts)], Environment.GetEnvironmentVariable),
            new NodeVersionCheck(ReadNodeVersionAsync),
        ];
    }

    private static async Task<string?> ReadNodeVersionAsync(CancellationToken cancellation)
    {
        if (ProgramPath.Find("node") is not { } node)
        {
            return null;
        }

        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(NodeLimit);
            using var process = Process.Start(new ProcessStartInfo(node, ["--version"]) { RedirectStandardOutput = true });
            return await process!.StandardOutput.ReadToEndAsync(limit.Token);
        }
        catch (Exception e) when (e is Win32Exception || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return "";
        }
    }

    internal static string ToJson(IReadOnlyList<(string Name, CheckResult Result)> results) => JsonSerializer.Serialize(
        new
        {
            version = 1,
            checks = results.Select(r => new { name = r.Name, status = Word(r.Result.Status), finding = r.Result.Finding, mend = r.Result.Mend }),
        },
        Indented);

    private static void WriteTable(List<(string Name, CheckResult Result)> results)
    {
        if (Console.IsOutputRedirected)
        {
            // A file or a pipe has no width: wrapped lines would only break what reads them.
            AnsiConsole.Profile.Width = UnwrappedWidth;
        }

        foreach (var (name, result) in results)
        {
            var colour = result.Status switch { CheckStatus.Ok => "green", CheckStatus.Warn => "yellow", _ => "red" };
            AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"[{colour}]{Word(result.Status),-4}[/]  {name,-18}  {result.Finding}");
            if (result.Mend is { } mend)
            {
                AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"{"",-4}  {"",-18}  → {mend}");
            }
        }
    }

    private static string Word(CheckStatus status) => status switch
    {
        CheckStatus.Ok => "ok",
        CheckStatus.Warn => "warn",
        _ => "fail",
    };
}
