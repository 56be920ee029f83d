using LocalFirst.Guard.EndToEnd.Broker;
using LocalFirst.Guard.EndToEnd.Clients;
using LocalFirst.Guard.EndToEnd.Samples;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Journey;

/// <summary>The real agent without a local model. It has a broker of its own: beside the question the agent probes its provider, and that is clean.</summary>
public sealed class ClaudeCodeRefusalTests(BrokerWithoutModel broker) : IClassFixture<BrokerWithoutModel>
{
    [Fact]
    public async Task Claude_Code_prints_the_refusal()
    {
        await LoopbackNamespace.RequireAsync();
        var (prompt, canary) = broker.SensitivePrompt(Sensitive.Secret);
        using var folder = new TestFolder();
        await using var bridge = new PortBridge(folder.File("bridge"), broker.Guard.Proxy.Port);

        var result = await ClaudeCode.AskAsync(prompt, bridge, new Dictionary<string, string> { ["ANTHROPIC_BASE_URL"] = broker.Guard.AnthropicBase.ToString() });

        Assert.True(result.Out.Contains("400", StringComparison.Ordinal) && result.Out.Contains("LocalFirst.Guard", StringComparison.Ordinal), result.Everything);
        Assert.DoesNotContain(canary, result.Out, StringComparison.Ordinal);
        Assert.False(broker.Provider.HasSeen(canary));
    }
}
