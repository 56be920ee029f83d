using System.CommandLine;
using LocalFirst.Guard.CommandLine;
using LocalFirst.Guard.Inspection;
using LocalFirst.Guard.Running;
using LocalFirst.Guard.Scanning;
using Spectre.Console;

namespace LocalFirst.Guard.Commands;

/// <summary>`guard scan`: looks at files, folders or standard input with the broker's own detectors.</summary>
internal static class ScanCommand
{
    private const int CleanExitCode = 0;
    private const int FindingsExitCode = 1;

    public static Command Create()
    {
        var paths = new Argument<string[]>("PATH")
        {
            Description = "Files or folders; - reads standard input (the default).",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var format = new Option<string>("--format")
        {
            Description = "Output: text or json.",
            HelpName = "FORMAT",
            DefaultValueFactory = _ => "text",
        };
        var jsonLines = new Option<bool>("--jsonl")
        {
            Description = "Read {\"id\",\"text\"} a line from standard input, write {\"id\",\"findings\"} a line; exits 0 even with findings.",
        };

        var command = GuardCommandLine.Describe(
            "scan",
            "Look for secrets, personal data and your own code in files, folders or standard input. Exits 0 when clean, 1 with findings, 2 on an error.",
            "guard scan src README.md --format json");
        command.Arguments.Add(paths);
        command.Options.Add(format);
        command.Options.Add(jsonLines);
        command.SetAction(parse =>
        {
            var inspector = Inspector.Create(Inspections.OptionsOf(CommonOptions.HomeOf(parse), TimeProvider.System));
            var named = parse.GetValue(paths) ?? [];
            return parse.GetValue(jsonLines)
                ? ScanLines(inspector, named, parse.GetResult(format) is { Implicit: false })
                : Scan(inspector, named.Length == 0 ? ["-"] : named, parse.GetValue(format)!);
        });
        return command;
    }

    private static int ScanLines(Inspector inspector, string[] paths, bool hasFormat)
    {
        if (hasFormat || paths is not ([] or ["-"]))
        {
            throw new GuardException("--jsonl takes no path and no --format.", "Give it lines on standard input: guard scan --jsonl < texts.jsonl");
        }

        using var input = Console.OpenStandardInput();
        using var output = Console.OpenStandardOutput();
        return new JsonLinesScan(inspector).Run(input, output) ? CleanExitCode : GuardCommandLine.ErrorExitCode;
    }

    private static int Scan(Inspector inspector, string[] paths, string format)
    {
        if (format is not ("text" or "json"))
        {
            throw new GuardException($"--format {format} is not known here.", "Use --format text or --format json.");
        }

        var problems = new List<ScanProblem>();
        var findings = new List<ScanFinding>();
        var texts = 0;
        foreach (var source in new ScanSources(problems.Add, Console.OpenStandardInput).Read(paths))
        {
            texts++;
            var result = inspector.Inspect(new InspectionText(source.Text, PathHint: source.Path == "-" ? null : source.Path));
            if (result.Failure is { } failure)
            {
                problems.Add(new ScanProblem(source.Path, $"could not be inspected to its end: {failure}", IsError: true));
            }

            if (result.Findings.Count > 0)
            {
                var lines = new LineIndex(source.Text);
                findings.AddRange(result.Findings.Select(finding =>
                {
                    var (line, column) = lines.PlaceOf(finding.Start);
                    return new ScanFinding(source.Path, line, column, finding);
                }));
            }
        }

        if (format == "json")
        {
            using var output = Console.OpenStandardOutput();
            ScanReport.WriteJson(output, findings);
        }
        else
        {
            ScanReport.WriteText(AnsiConsole.Console, findings, texts);
        }

        foreach (var problem in problems)
        {
            Console.Error.WriteLine($"guard: {ScanReport.Printable(problem.Path)} {problem.What}");
        }

        // A scan that did not see everything is not clean, whatever it found.
        return problems.Any(static problem => problem.IsError) ? GuardCommandLine.ErrorExitCode
            : findings.Count > 0 ? FindingsExitCode
            : CleanExitCode;
    }
}
