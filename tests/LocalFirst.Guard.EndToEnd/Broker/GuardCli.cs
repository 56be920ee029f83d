using System.Diagnostics;

namespace LocalFirst.Guard.EndToEnd.Broker;

/// <summary>The real <c>guard</c> command, as built beside these tests.</summary>
internal static class GuardCli
{
    private static readonly string Assembly = Path.Combine(AppContext.BaseDirectory, "guard.dll");

    public static ProcessStartInfo Command(string home, IEnumerable<string> args, IReadOnlyDictionary<string, string>? environment = null, string? folder = null)
    {
        var start = Processes.Command(Processes.Dotnet, [Assembly, .. args], environment, folder);
        start.Environment["GUARD_HOME"] = home;
        return start;
    }

    public static Task<CommandResult> RunAsync(string home, IEnumerable<string> args, string stdin = "", TimeSpan? limit = null, IReadOnlyDictionary<string, string>? environment = null) =>
        Processes.RunAsync(Command(home, args, environment), stdin, limit);
}
