using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using LocalFirst.Guard.Audit.Questions;
using LocalFirst.Guard.CommandLine;
using LocalFirst.Guard.Questions;
using Spectre.Console;

namespace LocalFirst.Guard.Commands;

/// <summary>`guard audit questions`: is what we send used to train models, and is data leaving that should not?</summary>
internal static class QuestionsCommand
{
    /// <summary>Width of output that goes to a file or another program: lines are not broken there.</summary>
    private const int RedirectedWidth = 240;

    public static Command Create()
    {
        var format = new Option<string>("--format") { Description = "text or json.", HelpName = "FORMAT", DefaultValueFactory = _ => "text" };
        format.AcceptOnlyFromAmong("text", "json");
        var options = new QuestionOptions();
        var command = GuardCommandLine.Describe(
            "questions",
            "Answer the two questions for a period: do providers train on what we send, and what left that should not.",
            "guard audit questions --from 2026-11-01 --to 2026-11-30");
        options.AddTo(command);
        command.Options.Add(format);
        command.SetAction(async (parse, cancellation) =>
        {
            var (period, filter) = (options.Period(parse), options.Filter(parse));
            var source = await options.OpenAsync(parse, cancellation);
            var answer = await source.Questions.AnswerAsync(period, filter, null, cancellation);
            if (parse.GetValue(format) == "json")
            {
                PrintJson(answer);
            }
            else
            {
                PrintText(answer);
            }
        });
        return command;
    }

    private static void PrintJson(QuestionsAnswer answer)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            QuestionsJson.Write(json, answer);
        }

        Console.Out.WriteLine(System.Text.Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
    }

    private static void PrintText(QuestionsAnswer answer)
    {
        var terminal = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        if (Console.IsOutputRedirected)
        {
            terminal.Profile.Width = RedirectedWidth;
        }

        Line($"{answer.Period}. Filter: {answer.Filter}.");
        var totals = answer.Totals;
        Line($"{Number(totals.Requests)} requests: {Number(totals.Left)} left ({Number(totals.BytesOut)} bytes), {Number(totals.Local)} answered here, {Number(totals.Refused)} refused, {Number(totals.Failed)} failed, {Number(totals.NoOutcome)} without a recorded end. {Number(totals.Retries)} further attempts.");
        var table = new Table().Border(TableBorder.Rounded).AddColumns("Provider", "Plan", "Trains?", "Kept?", "Evidence", "Looked up", "Requests", "Left", "Bytes out", "Here", "Refused", "Found, left");
        foreach (var group in answer.Groups)
        {
            var counts = group.Counts;
            table.AddRow(
                Cell(group.Terms.Provider),
                Cell(QuestionWords.Plan(group.Terms)),
                Cell(QuestionWords.Trains(group.Terms)),
                Cell(QuestionWords.Retention(group.Terms)),
                Cell(group.Terms.Evidence ?? "none"),
                Cell(QuestionWords.Looked(group)),
                Cell(Number(counts.Requests)),
                Cell(Number(counts.Left)),
                Cell(Number(counts.BytesOut)),
                Cell(Number(counts.Local)),
                Cell(Number(counts.Refused)),
                Cell(Number(counts.FlaggedLeft)));
        }

        terminal.Write(table);
        foreach (var group in answer.Groups)
        {
            Line($"{group.Terms.Provider}: {group.Terms.PlanBasis}");
        }

        Line(QuestionWords.Leaving(totals));
        foreach (var found in answer.Flagged)
        {
            Line($"  {found.Provider}: {Number(found.Findings)} × {found.Type} in {Number(found.Requests)} requests, allowed by {found.Rule}");
        }

        if (totals.PartialLeft > 0)
        {
            Line($"{Number(totals.PartialLeft)} requests ({Number(totals.PartialBytes)} bytes) left that were read without a schema.");
        }

        Line(QuestionWords.Whole(answer));
        foreach (var log in answer.Logs.Where(l => !l.IsWhole))
        {
            Line($"  {log.DeviceName ?? log.Device}, epoch {log.Epoch.ToString(CultureInfo.InvariantCulture)}: {log.Failure}");
        }
    }

    private static string Number(long number) => QuestionWords.Number(number);

    private static void Line(string text) => Console.Out.WriteLine(PlainText.Of(text));

    private static Text Cell(string text) => new(PlainText.Of(text));
}
