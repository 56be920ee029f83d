using System.CommandLine;
using System.CommandLine.Help;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Commands;
using LocalFirst.Guard.Fleet.Membership;
using LocalFirst.Guard.Fleet.SignIn;
using LocalFirst.Guard.Interception.Certificates;
using LocalFirst.Guard.LocalModels;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Policies.Yaml;
using LocalFirst.Guard.Portal;
using LocalFirst.Guard.Reports;

namespace LocalFirst.Guard.CommandLine;

/// <summary>The `guard` command: parses, runs, and turns every error into <em>what, where, what next</em> and exit code 2.</summary>
internal static class GuardCommandLine
{
    /// <summary>Exit code of any error, a wrong flag included.</summary>
    public const int ErrorExitCode = 2;

    public static async Task<int> RunAsync(string[] args)
    {
        var root = BuildRoot();
        var parse = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });

        if (parse.Errors.Count > 0 && parse.Action is not HelpAction)
        {
            foreach (var error in parse.Errors)
            {
                await Console.Error.WriteLineAsync($"guard: {error.Message}");
            }

            var path = string.Join(' ', CommandPath(parse.CommandResult));
            await Console.Error.WriteLineAsync($"  → {path} --help shows what it takes, with an example.");
            return ErrorExitCode;
        }

        try
        {
            var exitCode = await parse.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
            if (parse.Action is HelpAction && parse.CommandResult.Command is ExampleCommand command)
            {
                await Console.Out.WriteLineAsync($"Example:\n  {command.Example}");
            }

            return exitCode;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("guard: cancelled.");
            return ErrorExitCode;
        }
        catch (Exception e) when (IsForPeople(e))
        {
            await Console.Error.WriteLineAsync($"guard: {e.Message}");
            return ErrorExitCode;
        }
        catch (Exception e)
        {
            // The message of an unexpected exception may quote its input: only its type is shown.
            await Console.Error.WriteLineAsync($"guard: an unexpected error stopped the command ({e.GetType().Name}).\n  → Please report it with the command you ran, without its data.");
            return ErrorExitCode;
        }
    }

    /// <summary>The whole command tree.</summary>
    public static RootCommand BuildRoot()
    {
        var root = new RootCommand("Keeps secrets, personal data and your own code on this machine while your tools talk to language models.");
        root.Options.Add(CommonOptions.Home);
        root.Options.Add(CommonOptions.Config);
        foreach (var command in Commands())
        {
            root.Subcommands.Add(command);
        }

        // Without a command, `guard` shows its help instead of an error: it is what a newcomer types first.
        root.SetAction(_ => root.Parse(["--help"]).Invoke());
        return root;
    }

    /// <summary>Makes a command whose help ends with an example, as a person would type it.</summary>
    public static Command Describe(string name, string description, string example) =>
        new ExampleCommand(name, description, example);

    private static IEnumerable<Command> Commands()
    {
        yield return RunCommand.Create();
        yield return ExecCommand.Create();
        yield return DemoCommand.Create();
        yield return ScanCommand.Create();
        yield return CodeCommand.Create();
        yield return ModelCommand.Create();
        yield return PolicyCommand.Create();
        yield return AuditCommand.Create();
        yield return ReportCommand.Create();
        yield return PortalCommand.Create();
        yield return DoctorCommand.Create();
        yield return EnrollCommand.Create();
        yield return ServerCommand.Create();
        yield return VersionCommand.Create();
    }

    private static IEnumerable<string> CommandPath(System.CommandLine.Parsing.CommandResult? result)
    {
        var names = new Stack<string>();
        for (System.CommandLine.Parsing.SymbolResult? at = result; at is System.CommandLine.Parsing.CommandResult c; at = at.Parent)
        {
            names.Push(c.Command is RootCommand ? "guard" : c.Command.Name);
        }

        return names;
    }

    private sealed class ExampleCommand(string name, string description, string example) : Command(name, description)
    {
        public string Example { get; } = example;
    }

    /// <summary>Whether its message was written for people: what, where, what next, and never a value from a request.</summary>
    internal static bool IsForPeople(Exception e) =>
        e is GuardException or AuditException or ExecutorException or PolicyException or YamlFileException or PortalException or ReportException or CertificateAuthorityException or DirectorySettingsException or FleetException;
}
