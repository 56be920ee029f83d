using System.CommandLine;
using System.Globalization;
using LocalFirst.Guard.CommandLine;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Policies.Testing;
using LocalFirst.Guard.Policies.Yaml;
using Spectre.Console;

namespace LocalFirst.Guard.Commands;

/// <summary>`guard policy check|test`: whether policy files are well formed, and whether they decide what their examples say.</summary>
internal static class PolicyCommand
{
    public static Command Create()
    {
        var command = GuardCommandLine.Describe("policy", "Check and test policy files.", "guard policy check policies/mine.yaml");
        command.Subcommands.Add(CreateCheck());
        command.Subcommands.Add(CreateTest());
        return command;
    }

    private static Command CreateCheck()
    {
        var files = new Argument<string[]>("FILE") { Description = "Policy files (default: the built-in ones and those in the home folder).", Arity = ArgumentArity.ZeroOrMore };
        var command = GuardCommandLine.Describe("check", "Check that policy files are well formed.", "guard policy check policies/mine.yaml");
        command.Arguments.Add(files);
        command.SetAction(parse => Check(parse.GetValue(files) ?? [], CommonOptions.HomeOf(parse)));
        return command;
    }

    private static Command CreateTest()
    {
        var paths = new Argument<string[]>("FILE|FOLDER") { Description = "Files ending in .tests.yaml, or folders of them (default: the built-in ones and those in the home folder).", Arity = ArgumentArity.ZeroOrMore };
        var command = GuardCommandLine.Describe("test", "Run the examples that stand beside policies.", "guard policy test policies/mine.tests.yaml");
        command.Arguments.Add(paths);
        command.SetAction(parse => Test(parse.GetValue(paths) ?? [], CommonOptions.HomeOf(parse)));
        return command;
    }

    private static int Check(string[] files, GuardHome home)
    {
        List<Func<Policy>> policies = files.Length > 0
            ? [.. files.Select(f => (Func<Policy>)(() => CheckOne(f)))]
            : [.. PolicyFile.BuiltInNames.Select(n => (Func<Policy>)(() => PolicyFile.BuiltIn(n))), .. FilesIn(home.Policies, "*.yaml").Where(f => !IsTests(f)).Select(f => (Func<Policy>)(() => CheckOne(f)))];

        // Every file is looked at before the exit: whoever mends three files does not want three runs.
        var failed = 0;
        foreach (var load in policies)
        {
            try
            {
                var policy = load();
                Console.WriteLine($"{policy.Source}: ok, policy {policy.Name} version {policy.Version}, {Count(policy.Rules.Count, "rule")}");
            }
            catch (Exception e) when (e is YamlFileException or PolicyException)
            {
                failed++;
                Console.Error.WriteLine($"guard: {e.Message}");
            }
        }

        return failed == 0 ? 0 : GuardCommandLine.ErrorExitCode;
    }

    private static Policy CheckOne(string path) =>
        IsTests(path) ? PolicyTestFile.Load(path).Policy : PolicyFile.Load(path);

    private static int Test(string[] paths, GuardHome home)
    {
        List<PolicyTestFile> files = paths.Length > 0
            ? [.. paths.SelectMany(Expand).Select(PolicyTestFile.Load)]
            : [.. PolicyFile.BuiltInNames.Select(PolicyTestFile.BuiltIn), .. FilesIn(home.Policies, "*" + PolicyTestFile.Suffix).Select(PolicyTestFile.Load)];

        var table = new Table().Border(TableBorder.Simple).AddColumns("Policy", "Test", "Verdict", "By", "");
        var (passed, failures) = (0, new List<string>());
        foreach (var result in files.SelectMany(f => f.Run(), (f, r) => (File: f, Result: r)))
        {
            var (test, verdict, failure) = result.Result;
            table.AddRow(
                new Text(result.File.Policy.Name),
                new Text(test.Name),
                new Text(PolicyWords.Of(verdict.Action)),
                new Text(verdict.Reasons[0].RuleId),
                failure is null ? new Text("ok", new Style(Color.Green)) : new Text("FAILED", new Style(Color.Red)));
            if (failure is null)
            {
                passed++;
            }
            else
            {
                failures.Add($"{test.Place}: {test.Name}: {failure}");
            }
        }

        AnsiConsole.Write(table);
        failures.ForEach(Console.WriteLine);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{passed} passed, {failures.Count} failed"));
        return failures.Count == 0 ? 0 : 1;
    }

    private static List<string> Expand(string path)
    {
        if (!Directory.Exists(path))
        {
            return [path];
        }

        var files = FilesIn(path, "*" + PolicyTestFile.Suffix);
        return files.Count > 0
            ? files
            : throw new PolicyException($"There is no file of policy tests in {path}.", $"Write one beside each policy: NAME{PolicyTestFile.Suffix}.");
    }

    private static List<string> FilesIn(string folder, string pattern)
    {
        try
        {
            return Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder, pattern).Order(StringComparer.Ordinal)] : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PolicyException($"The folder {folder} cannot be read ({e.GetType().Name}).", "Check that you may read it.");
        }
    }

    private static bool IsTests(string path) => path.EndsWith(PolicyTestFile.Suffix, StringComparison.Ordinal);

    private static string Count(int number, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{number} {noun}{(number == 1 ? "" : "s")}");
}
