using LocalFirst.Guard.EndToEnd.Broker;
using LocalFirst.Guard.EndToEnd.Clients;
using LocalFirst.Guard.Testing;

namespace LocalFirst.Guard.EndToEnd.Portal;

/// <summary>Runs <c>guard</c> on a terminal of its own, as a person does.</summary>
internal static class Terminal
{
    public static async Task<CommandResult> RunAsync(string home, params string[] args)
    {
        Tools.Require(NodeClients.Find("script") is not null, "script is not installed, so there is no terminal (.ci/prepare installs bsdutils).");
        var guard = GuardCli.Command(home, args);
        var command = string.Join(' ', guard.ArgumentList.Prepend(guard.FileName).Select(word => $"'{word}'"));
        return await Processes.RunAsync(Processes.Command(
            "script",
            ["--quiet", "--return", "--command", command, "/dev/null"],
            new Dictionary<string, string> { ["GUARD_HOME"] = home }));
    }
}
