using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.CommandLine;
using Spectre.Console;

namespace LocalFirst.Guard.Commands;

/// <summary>`guard audit`: read the log and check that it is whole.</summary>
internal static class AuditCommand
{
    private const int IntactExitCode = 0;
    private const int TamperedExitCode = 1;
    private const int DefaultTail = 20;

    /// <summary>Width of output that goes to a file or another program: lines are not broken there.</summary>
    private const int RedirectedWidth = 240;

    /// <summary>How often `--follow` looks, in milliseconds: at once to a person, nothing to the machine.</summary>
    private const int FollowMs = 250;

    /// <summary>Records read at a time.</summary>
    private const int Page = 500;

    public static Command Create()
    {
        var command = GuardCommandLine.Describe("audit", "Read the audit log and check that it is whole.", "guard audit verify");
        command.Subcommands.Add(Tail());
        command.Subcommands.Add(Show());
        command.Subcommands.Add(Verify());
        command.Subcommands.Add(QuestionsCommand.Create());
        return command;
    }

    private static Command Tail()
    {
        var count = new Option<int>("-n", "--lines") { Description = "How many records.", HelpName = "N", DefaultValueFactory = _ => DefaultTail };
        count.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n > 100_000)
            {
                result.AddError("-n takes at most 100000.");
            }
            else if (result.Tokens.Count == 1 && result.Tokens[0].Value.StartsWith('-'))
            {
                result.AddError("-n takes a number from 0.");
            }
        });
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with new records until Ctrl-C." };
        var format = Format();
        var command = GuardCommandLine.Describe("tail", "Print the last records.", "guard audit tail -n 50 --follow");
        command.Options.Add(count);
        command.Options.Add(follow);
        command.Options.Add(format);
        command.SetAction(async (parse, cancellation) =>
        {
            var reader = await OpenAsync(parse, cancellation);
            Action<LogEntry> print = parse.GetValue(format) == "json" ? PrintJson : PrintLine;
            var last = -1L;
            foreach (var entry in await reader.TailAsync(parse.GetValue(count), cancellation))
            {
                print(entry);
                last = entry.Sequence;
            }

            if (!parse.GetValue(follow))
            {
                return;
            }

            // With -n 0 only what comes from now on is shown.
            var newest = await reader.TailAsync(1, cancellation);
            last = last >= 0 || newest.Count == 0 ? last : newest[0].Sequence;
            await FollowAsync(reader, last, print, cancellation);
        });
        return command;
    }

    private static Command Show()
    {
        var exchange = new Argument<string>("EXCHANGE") { Description = "Id of the exchange, as tail prints it." };
        var format = Format();
        var command = GuardCommandLine.Describe("show", "Print everything that was recorded of one exchange.", "guard audit show 01JD8XK2T5V6W7Y8Z9ABCDEFGH");
        command.Arguments.Add(exchange);
        command.Options.Add(format);
        command.SetAction(async (parse, cancellation) =>
        {
            var reader = await OpenAsync(parse, cancellation);
            var id = parse.GetRequiredValue(exchange);
            var entries = await reader.ReadExchangeAsync(id, cancellation);
            if (entries.Count == 0)
            {
                throw new GuardException($"The audit log holds no exchange {PlainText.Of(id)}.", "guard audit tail shows the ids of the last ones.");
            }

            foreach (var entry in entries)
            {
                if (parse.GetValue(format) == "json")
                {
                    PrintJson(entry);
                }
                else
                {
                    PrintTable(entry);
                }
            }
        });
        return command;
    }

    private static Command Verify()
    {
        var format = Format();
        var command = GuardCommandLine.Describe(
            "verify",
            "Check every record, hash and signature of the log. Exit 0: intact; 1: tampered with, and how; 2: could not be read.",
            "guard audit verify --format json");
        command.Options.Add(format);
        command.SetAction(async (parse, cancellation) =>
        {
            var reader = await OpenAsync(parse, cancellation);
            var report = await reader.VerifyAsync(everySignature: true, cancellation);
            if (parse.GetValue(format) == "json")
            {
                PrintJson(report);
            }
            else
            {
                PrintText(report);
            }

            return report.Intact ? IntactExitCode : TamperedExitCode;
        });
        return command;
    }

    private static Option<string> Format()
    {
        var format = new Option<string>("--format") { Description = "text or json.", HelpName = "FORMAT", DefaultValueFactory = _ => "text" };
        format.AcceptOnlyFromAmong("text", "json");
        return format;
    }

    private static Task<AuditReader> OpenAsync(ParseResult parse, CancellationToken cancellation)
    {
        var home = CommonOptions.HomeOf(parse);
        return AuditReader.OpenAsync(new AuditLogOptions { DatabasePath = home.AuditDatabase, KeysFolder = home.Keys }, cancellation);
    }

    private static async Task FollowAsync(AuditReader reader, long last, Action<LogEntry> print, CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                var entries = await reader.ReadAsync(last + 1, Page, cancellation);
                foreach (var entry in entries)
                {
                    print(entry);
                    last = entry.Sequence;
                }

                if (entries.Count < Page)
                {
                    await Task.Delay(FollowMs, cancellation);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C is how a person ends it.
        }
    }

    private static void PrintLine(LogEntry entry)
    {
        var what = entry.Record switch
        {
            DecisionRecord d => $"{d.Exchange}  {d.Action,-6}  {d.Client} → {d.Host}{d.Endpoint}{(d.Model is null ? "" : $" ({d.Model})")}  {Count(d.FindingCount, "finding")}{(d.Reasons.Count > 0 ? $"  {d.Reasons[0].Rule}" : "")}",
            OutcomeRecord o => $"{o.Exchange}  {o.Result}  {o.Status}  {o.BytesOut} bytes out  {o.AnsweredBy}{(o.Error is null ? "" : $"  {o.Error}")}",
            EventRecord e => $"{e.Name}  {e.Detail}",
            EpochRecord e => $"epoch {e.Epoch} began: {e.Reason}",
            _ => "(a record that this version cannot read)",
        };
        Console.Out.WriteLine(PlainText.Of($"{Time(entry.Record)}  {entry.Sequence,6}  {entry.Record.Type,-8}  {what}"));
    }

    private static void PrintTable(LogEntry entry)
    {
        var table = new Table().Border(TableBorder.Rounded).HideHeaders().AddColumn("").AddColumn("");
        table.Title = new TableTitle(Markup.Escape(PlainText.Of($"{entry.Record.Type} {entry.Sequence}")));
        using var json = JsonDocument.Parse(entry.Canonical);
        foreach (var member in json.RootElement.EnumerateObject().Where(m => m.Name is not ("type" or "v" or "findings" or "reasons")))
        {
            Row(table, member.Name.Replace('_', ' '), member.Value.ToString());
        }

        if (entry.Record is DecisionRecord decision)
        {
            foreach (var reason in decision.Reasons)
            {
                Row(table, "reason", $"{reason.Action}: {reason.Reason} ({reason.Rule}){(reason.Place is null ? "" : $" at {reason.Place}")}");
            }

            foreach (var finding in decision.Findings)
            {
                Row(table, "finding", $"{finding.Type} ({finding.Detector}/{finding.Rule}, tier {finding.Tier}, confidence {finding.Confidence.ToString("0.00", CultureInfo.InvariantCulture)}) at {finding.Place}, {finding.Start}+{finding.Length}, value {finding.ValueHash}");
            }
        }

        Row(table, "leaf", $"{entry.LeafIndex} of epoch {entry.Epoch}, hash {Convert.ToHexStringLower(entry.LeafHash.Span)}");
        Terminal().Write(table);
    }

    private static void PrintText(VerificationReport report)
    {
        var terminal = Terminal();
        var table = new Table().Border(TableBorder.Rounded).AddColumns("Epoch", "Records", "Root hash", "Origin", "Began because");
        foreach (var epoch in report.Epochs)
        {
            table.AddRow(Cell(epoch.Epoch.ToString(CultureInfo.InvariantCulture)), Cell(epoch.Size.ToString(CultureInfo.InvariantCulture)), Cell(epoch.RootHash), Cell(epoch.Origin), Cell(epoch.Reason ?? "first run"));
        }

        terminal.Write(table);
        foreach (var failure in report.Failures)
        {
            Console.Out.WriteLine(PlainText.Of($"{failure.Class}  epoch {failure.Epoch}{(failure.LeafIndex is { } leaf ? $", leaf {leaf}" : "")}: {failure.Message}."));
        }

        Console.Out.WriteLine(report.DecisionsWithoutOutcome == 0
            ? $"All {Count(report.Decisions, "decision")} came before an outcome."
            : $"{Count(report.DecisionsWithoutOutcome, "decision")} of {report.Decisions} without an outcome: still running, or the broker stopped in the middle. First: {PlainText.Of(report.OpenExchanges[0])}");
        Console.Out.WriteLine(report.Intact
            ? $"Intact: {Count(report.Records, "record")}, every hash and signature checked."
            : $"TAMPERED: {report.Failures[0].Class}. Keep a copy of the database and the keys folder as evidence.");
    }

    private static void PrintJson(VerificationReport report) =>
        Console.Out.WriteLine(JsonSerializer.Serialize(new
        {
            version = 1,
            intact = report.Intact,
            failures = report.Failures.Select(f => new { @class = f.Class, epoch = f.Epoch, leaf_index = f.LeafIndex, message = f.Message }),
            epochs = report.Epochs.Select(e => new { epoch = e.Epoch, origin = e.Origin, size = e.Size, root_hash = e.RootHash, reason = e.Reason }),
            records = report.Records,
            decisions = report.Decisions,
            decisions_without_outcome = report.DecisionsWithoutOutcome,
            open_exchanges = report.OpenExchanges,
        }));

    // Written again by the serializer, which escapes everything beyond ASCII: safe in a terminal, and the same JSON value.
    private static void PrintJson(LogEntry entry)
    {
        using var record = JsonDocument.Parse(entry.Canonical);
        Console.Out.WriteLine(JsonSerializer.Serialize(new
        {
            sequence = entry.Sequence,
            epoch = entry.Epoch,
            leaf_index = entry.LeafIndex,
            leaf_hash = Convert.ToHexStringLower(entry.LeafHash.Span),
            record = record.RootElement,
        }));
    }

    private static void Row(Table table, string name, string value) => table.AddRow(Cell(name), Cell(value));

    private static Text Cell(string text) => new(PlainText.Of(text));

    private static string Time(AuditRecord record) => record.Time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static string Count(long count, string noun) => $"{count.ToString(CultureInfo.InvariantCulture)} {noun}{(count == 1 ? "" : "s")}";

    private static IAnsiConsole Terminal()
    {
        var terminal = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        if (Console.IsOutputRedirected)
        {
            terminal.Profile.Width = RedirectedWidth;
        }

        return terminal;
    }
}
