using System.Globalization;

namespace LocalFirst.Guard.EndToEnd.Clients;

/// <summary>Claude Code in print mode, in a namespace of its own, with a home of its own.</summary>
internal static class ClaudeCode
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    /// <summary>Asks one question. <paramref name="way"/> holds the variables that lead it to the broker (or the provider).</summary>
    public static async Task<CommandResult> AskAsync(string prompt, PortBridge bridge, IReadOnlyDictionary<string, string> way)
    {
        using var folder = new TestFolder();
        var work = Directory.CreateDirectory(folder.File("work")).FullName;
        var home = Directory.CreateDirectory(folder.File("home")).FullName;
        var environment = new Dictionary<string, string>(way)
        {
            ["HOME"] = home,
            ["CLAUDE_CONFIG_DIR"] = Path.Combine(home, ".claude"),
            ["ANTHROPIC_API_KEY"] = "dummy-key-of-a-test",
            ["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1",
            ["DISABLE_TELEMETRY"] = "1",
            ["DISABLE_AUTOUPDATER"] = "1",
            ["DISABLE_ERROR_REPORTING"] = "1",
            ["DISABLE_BUG_COMMAND"] = "1",
            ["DO_NOT_TRACK"] = "1",
            // Inside the namespace it runs as a mapped root, which it otherwise takes for a mistake.
            ["IS_SANDBOX"] = "1",
            // A retry storm would turn a refusal into a timeout.
            ["CLAUDE_CODE_MAX_RETRIES"] = "1",
            ["NO_COLOR"] = "1",
        };
        var start = await LoopbackNamespace.CommandAsync(
            bridge,
            await NodeClients.ClaudeAsync(),
            ["-p", "--output-format", "text", "--max-turns", 1.ToString(CultureInfo.InvariantCulture), "--permission-mode", "plan"],
            environment,
            work);
        return await Processes.RunAsync(start, prompt, Limit);
    }
}
