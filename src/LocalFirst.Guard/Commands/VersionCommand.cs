using System.CommandLine;
using LocalFirst.Guard.CommandLine;

namespace LocalFirst.Guard.Commands;

/// <summary>`guard version`: what is installed, in one line.</summary>
internal static class VersionCommand
{
    public static Command Create()
    {
        var command = GuardCommandLine.Describe("version", "Print the version.", "guard version");
        command.SetAction(_ => Console.WriteLine($"guard {typeof(VersionCommand).Assembly.GetName().Version?.ToString(3)}"));
        return command;
    }
}
