using LocalFirst.Guard.EndToEnd.Broker;

namespace LocalFirst.Guard.EndToEnd.Clients;

/// <summary>Codex in exec mode on its WebSocket transport, in a namespace of its own, with a home of its own.</summary>
internal static class Codex
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    /// <summary>Asks one question. Its provider is the broker's base URL: through a proxy it would reach for its telemetry as well.</summary>
    public static async Task<CommandResult> AskAsync(string prompt, PortBridge bridge, GuardProcess guard)
    {
        using var folder = new TestFolder();
        var work = Directory.CreateDirectory(folder.File("work")).FullName;
        var home = Directory.CreateDirectory(folder.File("home")).FullName;
        var environment = new Dictionary<string, string>
        {
            ["HOME"] = home,
            ["CODEX_HOME"] = Directory.CreateDirectory(folder.File("codex")).FullName,
            ["OPENAI_API_KEY"] = "dummy-key-of-a-test",
            ["DO_NOT_TRACK"] = "1",
            ["NO_COLOR"] = "1",
        };
        var provider = $$"""model_providers.guarded={name="guarded",base_url="{{guard.OpenAiBase}}",wire_api="responses",env_key="OPENAI_API_KEY",supports_websockets=true}""";
        var start = await LoopbackNamespace.CommandAsync(
            bridge,
            await NodeClients.CodexAsync(),
            ["exec", "--skip-git-repo-check", "--sandbox", "read-only", "-c", "model_provider=guarded", "-c", provider, "-c", "model=gpt-5", prompt],
            environment,
            work);
        return await Processes.RunAsync(start, limit: Limit);
    }
}
