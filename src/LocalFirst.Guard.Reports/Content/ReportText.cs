using System.Globalization;
using LocalFirst.Guard.Audit.Questions;

namespace LocalFirst.Guard.Reports.Content;

/// <summary>Words the answer as a report. It computes nothing: every number is one of the answer's.</summary>
internal static class ReportText
{
    public static ReportDocument Compose(QuestionsAnswer answer, string origin, string version) =>
        new(
            "LocalFirst.Guard report",
            [
                .. Population(answer, origin, version),
                .. Questions(answer),
                .. Flagged(answer),
                .. Policies(answer),
                .. Exceptions(),
                .. Integrity(answer),
                .. Method(),
            ]);

    private static IEnumerable<ReportBlock> Population(QuestionsAnswer answer, string origin, string version)
    {
        var totals = answer.Totals;
        yield return new TableBlock(
            "Population",
            [new("", 1), new("", 4)],
            [
                ["Period", answer.Period.ToString()],
                ["Time zone", "UTC throughout"],
                ["Records", origin],
                ["Filter", answer.Filter.ToString()],
                ["Requests", $"{Number(totals.Requests)} ({Number(answer.Records.Decisions)} decisions, {Number(totals.Retries)} of them further attempts; {Number(answer.Records.Outcomes)} outcomes)"],
                ["Left out by the filter", $"{Number(answer.Records.Filtered)} decisions"],
                ["Not readable by this version", $"{Number(answer.Records.Unreadable)} records"],
                ["Made by", $"LocalFirst.Guard {version}. The same records give the same report, so that it holds no time of making."],
            ]);
    }

    private static IEnumerable<ReportBlock> Questions(QuestionsAnswer answer)
    {
        var totals = answer.Totals;
        yield return new HeadingBlock("The two questions");
        yield return new HeadingBlock("Is what we send used to train models?", 3);
        foreach (var sentence in Training(answer))
        {
            yield return new ParagraphBlock(sentence, IsStrong: true);
        }

        yield return new HeadingBlock("Is data leaving that should not?", 3);
        yield return new ParagraphBlock(QuestionWords.Leaving(totals), IsStrong: true);
        yield return new ParagraphBlock(totals.PartialLeft == 0
            ? "Every request that left had been read by its schema."
            : $"{Requests(totals.PartialLeft)} ({Number(totals.PartialBytes)} bytes) that left: read without a schema (state partial).");
        yield return new ParagraphBlock(totals.NoOutcome == 0
            ? "The end of every request is recorded."
            : $"The end of {Requests(totals.NoOutcome)} is not recorded; allowed to leave: {Number(totals.MayHaveLeft)}.");
        yield return new HeadingBlock("By provider and plan", 3);
        yield return new TableBlock(
            "Requests by provider and plan",
            [
                new("Provider", 1.5), new("Plan", 2.4), new("Trains?", 1.5), new("Kept?", 1.5), new("Evidence", 1.3), new("Looked up", 1.7), new("Requests", 1.2, true), new("Left", 1, true),
                new("Bytes out", 1.5, true), new("Local", 1, true), new("Refused", 1.1, true), new("Failed", 1, true), new("No end", 1, true), new("Found, left", 1, true),
            ],
            [
                .. answer.Groups.Select(g => (IReadOnlyList<string>)[g.Terms.Provider, QuestionWords.Plan(g.Terms), QuestionWords.Trains(g.Terms), QuestionWords.Retention(g.Terms), g.Terms.Evidence ?? "none", QuestionWords.Looked(g), .. Numbers(g.Counts)]),
                ["Total", "", "", "", "", "", .. Numbers(totals)],
            ]);
        foreach (var group in answer.Groups)
        {
            yield return new HeadingBlock($"{group.Terms.Provider}: {QuestionWords.Plan(group.Terms)}", 3);
            yield return new TableBlock(
                $"Terms of {group.Terms.Provider}",
                [new("", 1), new("", 5)],
                [
                    ["Terms in the records", group.Reference ?? "none"],
                    ["How the plan is known", group.Terms.PlanBasis],
                    ["Trains?", Join(QuestionWords.Trains(group.Terms), group.Terms.Training)],
                    ["Kept?", Join(QuestionWords.Retention(group.Terms), group.Terms.Retention)],
                    ["Evidence", QuestionWords.Evidence(group.Terms)],
                    ["Looked up", QuestionWords.Looked(group)],
                    ["Sources", group.Terms.Sources.Count == 0 ? "none" : string.Join("; ", group.Terms.Sources.Select(QuestionWords.Source))],
                ]);
        }
    }

    private static IEnumerable<string> Training(QuestionsAnswer answer)
    {
        if (answer.Totals.Left == 0)
        {
            yield return "Nothing left, so nothing can be used.";
            yield break;
        }

        foreach (var (word, sentence) in new[] { ("yes", "trains models, without a switch"), ("opt-out", "trains models unless somebody switched it off"), ("unknown", "may train models: no source answers it"), ("no", "does not train models, by the provider's word") })
        {
            var groups = answer.Groups.Where(g => g.Terms.Trains == word).ToList();
            if (groups.Sum(g => g.Counts.Left) is var left and > 0)
            {
                yield return $"{Requests(left)} ({Number(groups.Sum(g => g.Counts.BytesOut))} bytes) left under terms by which what is sent {sentence}.";
            }
        }
    }

    private static IEnumerable<ReportBlock> Flagged(QuestionsAnswer answer)
    {
        yield return new HeadingBlock("What left although something was found");
        if (answer.Flagged.Count == 0)
        {
            yield return new ParagraphBlock("Nothing.");
            yield break;
        }

        yield return new TableBlock(
            "Findings that left, by provider, kind and rule",
            [new("Provider", 1.5), new("Terms in the records", 2.5), new("Kind", 2), new("Detector", 1), new("Allowed by the rule", 2.5), new("Requests", 1, true), new("Findings", 1, true)],
            [.. answer.Flagged.Select(f => (IReadOnlyList<string>)[f.Provider, f.Reference ?? "none", f.Type, f.Detector, f.Rule, Number(f.Requests), Number(f.Findings)])]);
        yield return new ParagraphBlock($"A request with findings of several kinds stands in several rows. The first {Number(answer.FlaggedExchanges.Count)} of {Number(answer.Totals.FlaggedLeft)} requests:");
        yield return new TableBlock(
            "Requests that left although something was found",
            [new("Time", 2), new("Exchange", 2.6), new("Device", 3), new("Leaf", 1.5), new("Provider", 1.2), new("Rule", 2), new("Findings", .9, true), new("Bytes out", 1.1, true)],
            [.. answer.FlaggedExchanges.Select(f => (IReadOnlyList<string>)[QuestionPeriod.Instant(f.Time), f.Exchange, f.Device, string.Create(CultureInfo.InvariantCulture, $"{f.LeafIndex} of epoch {f.Epoch}"), f.Provider, f.Rule, Number(f.Findings), Number(f.BytesOut)])]);
    }

    private static IEnumerable<ReportBlock> Policies(QuestionsAnswer answer)
    {
        yield return new HeadingBlock("Policies in force");
        if (answer.Policies.Count == 0)
        {
            yield return new ParagraphBlock("Nothing was decided in this period.");
            yield break;
        }

        yield return new TableBlock(
            "Policies that decided",
            [new("Policy", 1.6), new("Version", .8), new("SHA-256 of its file", 4.4), new("Bundle", .8), new("First decision", 1.9), new("Last decision", 1.9), new("Decisions", 1, true)],
            [.. answer.Policies.Select(p => (IReadOnlyList<string>)[p.Name, p.Version, p.Hash, p.Bundle?.ToString(CultureInfo.InvariantCulture) ?? "none", QuestionPeriod.Instant(p.First), QuestionPeriod.Instant(p.Last), Number(p.Decisions)])]);
    }

    private static IEnumerable<ReportBlock> Exceptions()
    {
        yield return new HeadingBlock("Exceptions");
        yield return new ParagraphBlock("None. This version grants no exceptions and has no way to override a verdict: whatever left was allowed by a policy listed above, by the rule that its record names.");
    }

    private static IEnumerable<ReportBlock> Integrity(QuestionsAnswer answer)
    {
        yield return new HeadingBlock("Integrity");
        yield return new ParagraphBlock(QuestionWords.Whole(answer), IsStrong: true);
        yield return new TableBlock(
            "Logs",
            [new("Device", 3.2), new("Epoch", .8), new("Covered leaves", 1.1, true), new("Root hash", 3.6), new("Newer", .8, true), new("Counted here", 1, true), new("Not covered", 1, true), new("State", 2)],
            [.. answer.Logs.Select(l => (IReadOnlyList<string>)[l.DeviceName is null ? l.Device : $"{l.DeviceName} ({l.Device})", l.Epoch.ToString(CultureInfo.InvariantCulture), Number(l.Size), l.RootHash, Number(l.Newer), Number(l.Records), Number(l.NotCovered), l.Failure ?? "whole"])]);
        foreach (var log in answer.Logs.Where(l => l.Checkpoint.Length > 0))
        {
            yield return new HeadingBlock(string.Create(CultureInfo.InvariantCulture, $"Checkpoint of {log.DeviceName ?? log.Device}, epoch {log.Epoch}"), 3);
            yield return new LiteralBlock(log.Checkpoint.TrimEnd('\n'));
            yield return new ParagraphBlock($"Verifier key: {log.VerifierKey}");
        }

        yield return new HeadingBlock("To verify it without this program", 3);
        yield return new ParagraphBlock("A checkpoint is a C2SP signed note: origin, number of leaves, root hash, an empty line and Ed25519 signatures over the lines before it. It is checked with the verifier key beside it, "
            + "which is to be compared with the one that the device or the server names. The report as JSON holds the records with their leaf hashes and RFC 6962 inclusion proofs against these roots; the report as CSV holds every record's leaf index "
            + "and leaf hash. A leaf hash is SHA-256 of a zero byte and the record's RFC 8785 form. docs/record-format.md and docs/report-format.md define every byte.");
        yield return new ParagraphBlock("What a checkpoint covers can no longer be altered or dropped unnoticed. It does not prove that a device recorded all it did: whoever controls a device before its first upload can lie, and traffic that went around the broker is in no log.");
    }

    private static IEnumerable<ReportBlock> Method()
    {
        yield return new HeadingBlock("How it was counted");
        yield return new ParagraphBlock("A request belongs to the period in which it was decided; its end is looked for up to an hour after the period. One that was tried again is one request, and the bytes of all its attempts add up. "
            + "Left: bytes of the body reached the provider's connection, or it was forwarded. Local: answered on the device. Refused: answered with a refusal. Failed: failed or cancelled before a byte of the body left. No end: its outcome is not recorded. "
            + "Bytes out are body bytes on the provider's connection. Found, left: left although something had been found in it.");
    }

    private static IEnumerable<string> Numbers(QuestionCounts c) =>
        new[] { c.Requests, c.Left, c.BytesOut, c.Local, c.Refused, c.Failed, c.NoOutcome, c.FlaggedLeft }.Select(Number);

    private static string Join(string word, string? more) => more is null ? word : $"{word}. {more}";

    private static string Requests(long number) => number == 1 ? "1 request" : $"{Number(number)} requests";

    private static string Number(long number) => QuestionWords.Number(number);
}
