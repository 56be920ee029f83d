using System.Text.Json;
using LocalFirst.Guard.EndToEnd.Broker;
using LocalFirst.Guard.EndToEnd.Clients;
using LocalFirst.Guard.EndToEnd.Provider;
using LocalFirst.Guard.EndToEnd.Samples;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Sockets;

/// <summary>The real agent on its WebSocket, without a local model.</summary>
public sealed class CodexTests(BrokerWithoutModel broker) : IClassFixture<BrokerWithoutModel>
{
    [Fact]
    public async Task Codex_does_its_turn_on_the_socket_with_warm_up_and_delta()
    {
        var result = await AskAsync(Some.CleanPrompt());

        Assert.True(result.ExitCode == 0 && result.Out.Contains(ProviderAnswers.Text, StringComparison.Ordinal), result.Everything);
        var messages = broker.Provider.Sockets.SelectMany(s => s.Messages).Select(m => JsonElement.Parse(m.Bytes)).ToList();
        Assert.True(messages.Count >= 2, result.Everything);
        Assert.Contains(messages, m => m.TryGetProperty("generate", out var generate) && generate.ValueKind == JsonValueKind.False);
        Assert.Contains(messages, m => m.TryGetProperty("previous_response_id", out _));
        Assert.DoesNotContain(broker.Provider.Requests, r => r is { Method: "POST", Path: "/v1/responses" });
    }

    [Fact]
    public async Task Codex_shows_the_refusal_and_does_not_try_again()
    {
        var (prompt, canary) = broker.SensitivePrompt(Sensitive.Secret);

        var result = await AskAsync(prompt);

        Assert.Contains("LocalFirst.Guard", result.Out + result.Error, StringComparison.Ordinal);
        Assert.False(broker.Provider.HasSeen(canary));
        var refused = (await AuditTail.AssertWholeAsync(broker.Home)).Count(r => r.Type == "decision" && r.Text("action") == "block");
        Assert.InRange(refused, 1, 2);
    }

    private async Task<CommandResult> AskAsync(string prompt)
    {
        await LoopbackNamespace.RequireAsync();
        using var folder = new TestFolder();
        await using var bridge = new PortBridge(folder.File("bridge"), broker.Guard.Proxy.Port);
        return await Codex.AskAsync(prompt, bridge, broker.Guard);
    }
}
