using System.CommandLine;
using System.Globalization;
using System.Net;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.CommandLine;
using LocalFirst.Guard.Configuration;
using LocalFirst.Guard.Demo;
using LocalFirst.Guard.Running;
using Spectre.Console;

namespace LocalFirst.Guard.Commands;

/// <summary>`guard demo`: the whole product offline in under a minute, in a throw-away home.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var command = GuardCommandLine.Describe("demo", "Show everything offline: a built-in provider, four requests, and what went where and why.", "guard demo");
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parse, CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("guard-demo-");
        try
        {
            return await RunInAsync(folder.FullName, cancellation);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<int> RunInAsync(string folder, CancellationToken cancellation)
    {
        AnsiConsole.MarkupLine("[bold]LocalFirst.Guard demo[/]: everything below happens on this machine; no connection leaves it.");
        var home = new GuardHome(Path.Combine(folder, "home"));
        home.EnsureExists();

        await using var provider = await DemoProvider.StartAsync(Path.Combine(folder, "provider"), cancellation);
        var trust = Path.Combine(folder, "provider-root.pem");
        await File.WriteAllTextAsync(trust, provider.RootPem, cancellation);

        DemoHome.Prepare(home, folder);
        var settings = new GuardSettings
        {
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            Portal = new IPEndPoint(IPAddress.Loopback, 0),
            Upstreams = new Dictionary<string, Uri>(StringComparer.OrdinalIgnoreCase) { ["api.openai.com"] = provider.Address, ["api.anthropic.com"] = provider.Address },
            UpstreamTrust = trust,
        };

        await using var host = await BrokerHost.StartAsync(home, settings, cancellation);
        AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"broker at {host.Proxy.GetLeftPart(UriPartial.Authority)}, local model: {host.Executor.Status.Description}");
        var results = await new DemoRunner(host.Proxy, host.RootCertificate, provider).RunAsync(cancellation);
        var entries = await host.Log.ListExchangesAsync(results.Count, null, cancellation);
        AnsiConsole.Write(Table(results, [.. entries.Reverse()]));

        var integrity = await host.Log.VerifyAsync(cancellation);
        AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"audit log: {integrity.Size} records, {(integrity.Intact ? "intact, signed" : integrity.Failure ?? "damaged")}");
        AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"portal: {host.Portal.GetLeftPart(UriPartial.Authority)}");
        await OfferPortalAsync(host, cancellation);

        return results.All(r => r.Status is 200 or 400) && integrity.Intact ? 0 : 1;
    }

    private static Table Table(IReadOnlyList<DemoResult> results, IReadOnlyList<ExchangeEntry> entries)
    {
        var table = new Table().Border(TableBorder.Rounded).Expand();
        table.AddColumns("request", "decision", "bytes that left", "why", "answer");
        for (var i = 0; i < results.Count; i++)
        {
            var decision = i < entries.Count ? entries[i].Decision : null;
            var reason = decision is { Reasons.Count: > 0 } ? decision.Reasons[0].Reason : "";
            var where = decision is { Findings.Count: > 0 } ? $" ({decision.Findings[0].Type} at {decision.Findings[0].Place})" : "";
            table.AddRow(
                new Markup(Markup.Escape(results[i].Request.What)),
                new Markup(decision?.Action switch { "allow" => "[green]to the cloud[/]", "local" => "[blue]kept local[/]", _ => "[red]refused[/]" }),
                new Markup(results[i].BytesAtProvider.ToString(CultureInfo.InvariantCulture)),
                new Markup(Markup.Escape(reason + where)),
                new Markup(Markup.Escape(Short(results[i].Answer))));
        }

        return table;
    }

    private static string Short(string answer)
    {
        const int longest = 62;
        return answer.Length <= longest ? answer : string.Concat(answer.AsSpan(0, longest), "…");
    }

    /// <summary>On a terminal the portal stays up until Enter; in a script the demo ends by itself.</summary>
    private static async Task OfferPortalAsync(BrokerHost host, CancellationToken cancellation)
    {
        if (Console.IsInputRedirected || Console.IsOutputRedirected)
        {
            return;
        }

        AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"Open it with this link (once, within a minute): {host.PortalApp.MintLink()}");
        AnsiConsole.MarkupLine("Press Enter to end the demo.");
        await Task.Run(Console.ReadLine, cancellation).WaitAsync(cancellation);
    }
}
