using LocalFirst.Guard.EndToEnd.Broker;
using LocalFirst.Guard.EndToEnd.Clients;
using LocalFirst.Guard.EndToEnd.Samples;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Journey;

/// <summary>Without a local model, what must not leave is refused in the provider's own error form.</summary>
[Collection<WithoutModel>]
public sealed class RefusalTests(BrokerWithoutModel broker)
{
    public static TheoryData<Sdk, Way, Sensitive> EverySdkBothWays { get; } =
        MatrixData.Of(Enum.GetValues<Sdk>(), Enum.GetValues<Way>(), Enum.GetValues<Sensitive>());

    [Theory]
    [MemberData(nameof(EverySdkBothWays))]
    public async Task Without_a_model_the_SDK_tells_its_caller_why(Sdk sdk, Way way, Sensitive kind)
    {
        var (prompt, canary) = broker.SensitivePrompt(kind);
        await using var client = await broker.AskAsync(sdk, way, prompt, stream: true);

        var end = await client.EndAsync();

        Assert.True(end.Kind == "error", end.Fields.GetRawText());
        Assert.Equal(400, end.Status);
        Assert.Contains("LocalFirst.Guard", end.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(canary, end.Message, StringComparison.Ordinal);
        Assert.Equal(0, broker.Provider.Connections);
    }

    [Fact]
    public async Task A_refusal_is_recorded_before_it_is_told()
    {
        var (prompt, _) = broker.SensitivePrompt(Sensitive.Secret);
        await using var client = await broker.AskAsync(Sdk.AnthropicMessages, Way.Proxy, prompt, stream: false);
        Assert.Equal("error", (await client.EndAsync()).Kind);

        await Bounded.UntilAsync(
            async () => (await AuditTail.ReadAsync(broker.Home)).Any(r => r.Type == "outcome" && r.Text("result") == "refused"),
            "the outcome record of a refusal");
        await AuditTail.AssertWholeAsync(broker.Home);
    }
}
