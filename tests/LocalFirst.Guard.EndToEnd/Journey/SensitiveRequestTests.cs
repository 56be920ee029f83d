using LocalFirst.Guard.EndToEnd.Broker;
using LocalFirst.Guard.EndToEnd.Clients;
using LocalFirst.Guard.EndToEnd.Samples;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Journey;

/// <summary>What must not leave is answered on this machine, in the provider's own wire form.</summary>
[Collection<WithModel>]
public sealed class SensitiveRequestTests(BrokerWithModel broker)
{
    public static TheoryData<Sdk, Way, Sensitive> EverySdkBothWays { get; } =
        MatrixData.Of(Enum.GetValues<Sdk>(), Enum.GetValues<Way>(), Enum.GetValues<Sensitive>());

    [Theory]
    [MemberData(nameof(EverySdkBothWays))]
    public async Task What_must_not_leave_is_answered_here_as_a_stream_that_the_SDK_accepts(Sdk sdk, Way way, Sensitive kind)
    {
        var (prompt, canary) = broker.SensitivePrompt(kind);
        var before = broker.Provider.Requests.Count;
        await using var client = await broker.AskAsync(sdk, way, prompt, stream: true);

        var end = await client.EndAsync();

        Assert.True(end.Kind == "done", end.Fields.GetRawText());
        Assert.StartsWith(DemoModel.AnswerStart, end.Text.TrimStart(), StringComparison.Ordinal);
        Assert.Equal(before, broker.Provider.Requests.Count);
        Assert.False(broker.Provider.HasSeen(canary));
    }

    [Theory]
    [InlineData(Sdk.OpenAiChat)]
    [InlineData(Sdk.OpenAiResponses)]
    [InlineData(Sdk.AnthropicMessages)]
    public async Task What_must_not_leave_is_answered_here_also_without_a_stream(Sdk sdk)
    {
        var (prompt, canary) = broker.SensitivePrompt(Sensitive.Secret);
        var before = broker.Provider.Requests.Count;
        await using var client = await broker.AskAsync(sdk, Way.Proxy, prompt, stream: false);

        var end = await client.EndAsync();

        Assert.True(end.Kind == "done", end.Fields.GetRawText());
        Assert.StartsWith(DemoModel.AnswerStart, end.Text.TrimStart(), StringComparison.Ordinal);
        Assert.Equal(before, broker.Provider.Requests.Count);
        Assert.False(broker.Provider.HasSeen(canary));
    }

    [Fact]
    public async Task The_log_tells_of_a_local_answer_and_never_holds_what_was_found()
    {
        var (prompt, canary) = broker.SensitivePrompt(Sensitive.Secret);
        await using (var client = await broker.AskAsync(Sdk.OpenAiChat, Way.BaseUrl, prompt, stream: true))
        {
            Assert.Equal("done", (await client.EndAsync()).Kind);
        }

        await Bounded.UntilAsync(
            async () => (await AuditTail.ReadAsync(broker.Home)).Any(r => r.Type == "outcome" && r.Text("result") == "answered-locally"),
            "the outcome record of a local answer");
        var records = await AuditTail.AssertWholeAsync(broker.Home);
        Assert.Contains(records, r => r.Type == "decision" && r.Text("action") == "local");
        Assert.DoesNotContain(records, r => r.Record.GetRawText().Contains(canary, StringComparison.Ordinal));
        foreach (var file in Directory.EnumerateFiles(broker.Home, "*", SearchOption.AllDirectories).Where(f => !f.EndsWith(".gguf", StringComparison.Ordinal)))
        {
            Assert.False(await FileHoldsAsync(file, canary), $"{file} holds the secret.");
        }

        Assert.DoesNotContain(canary, broker.Guard.Errors, StringComparison.Ordinal);
    }

    private static async Task<bool> FileHoldsAsync(string file, string text)
    {
        try
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var content = new MemoryStream();
            await stream.CopyToAsync(content, Bounded.Test);
            return content.ToArray().AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(text)) >= 0;
        }
        catch (IOException)
        {
            // A socket or a file that has gone in between.
            return false;
        }
    }
}
