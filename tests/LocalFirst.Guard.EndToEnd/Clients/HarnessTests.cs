using LocalFirst.Guard.EndToEnd.Provider;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Clients;

/// <summary>The clients against the fake provider with nothing between: what is red here is the tests' own fault, not the broker's.</summary>
public sealed class HarnessTests : IAsyncLifetime
{
    private FakeProvider _provider = null!;

    public async ValueTask InitializeAsync() => _provider = await FakeProvider.StartAsync();

    public async ValueTask DisposeAsync() => await _provider.DisposeAsync();

    [Theory]
    [InlineData(Sdk.OpenAiChat)]
    [InlineData(Sdk.OpenAiResponses)]
    [InlineData(Sdk.AnthropicMessages)]
    public async Task A_real_SDK_reports_a_stream_of_the_fake_provider_piece_by_piece(Sdk sdk)
    {
        using var pace = new AnswerPace();
        _provider.Pace = pace;
        await using var client = await SdkClient.StartAsync(sdk, "Say something.", stream: true, BaseUrl(sdk), Trust());

        var request = await client.NextAsync("request");
        await client.NextAsync("response");
        foreach (var piece in ProviderAnswers.Pieces)
        {
            Assert.Equal(piece, (await client.NextAsync("text")).Text);
            pace.ReleaseOne();
        }

        Assert.Equal(ProviderAnswers.Text, (await client.NextAsync("done")).Text);
        var received = Assert.Single(_provider.Requests);
        Assert.Equal(SdkClient.PathOf(sdk), received.Target);
        Assert.Equal(request.BodySha256, received.BodySha256);
        Assert.True(_provider.HasSeen("Say something."));
        Assert.Equal(1, _provider.Connections);
        Assert.True(_provider.Bytes > received.Body.Length);
    }

    [Theory]
    [InlineData(Sdk.OpenAiChat)]
    [InlineData(Sdk.OpenAiResponses)]
    [InlineData(Sdk.AnthropicMessages)]
    public async Task A_real_SDK_accepts_a_whole_answer_of_the_fake_provider(Sdk sdk)
    {
        await using var client = await SdkClient.StartAsync(sdk, "Say something.", stream: false, BaseUrl(sdk), Trust());

        Assert.Equal(ProviderAnswers.Text, (await client.EndAsync()).Text);
    }

    [Fact]
    public async Task A_real_SDK_prints_the_error_of_the_fake_provider()
    {
        _provider.Answer = async (context, _) =>
        {
            context.Response.StatusCode = 400;
            context.Response.ContentType = "application/json";
            await context.Response.Body.WriteAsync("""{"error":{"message":"not like this","type":"invalid_request_error"}}"""u8.ToArray());
        };
        await using var client = await SdkClient.StartAsync(Sdk.OpenAiChat, "Say something.", stream: true, BaseUrl(Sdk.OpenAiChat), Trust());

        var error = await client.EndAsync();

        Assert.Equal("error", error.Kind);
        Assert.Equal(400, error.Status);
        Assert.Contains("not like this", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ProviderCertificate.UntrustedRoot)]
    [InlineData(ProviderCertificate.WrongName)]
    [InlineData(ProviderCertificate.Expired)]
    public async Task A_flawed_certificate_of_the_fake_provider_is_refused_by_a_strict_client(ProviderCertificate flaw)
    {
        await using var flawed = await FakeProvider.StartAsync(flaw);
        await using var client = await SdkClient.StartAsync(
            Sdk.OpenAiChat,
            "Say something.",
            stream: false,
            new Uri(flawed.Address, "v1"),
            new Dictionary<string, string> { ["NODE_EXTRA_CA_CERTS"] = flawed.TrustFile });

        Assert.Equal("error", (await client.EndAsync()).Kind);
        Assert.Equal(0, flawed.Bytes);
    }

    [Fact]
    public async Task Claude_Code_speaks_with_the_fake_provider_from_a_namespace_without_a_network()
    {
        await LoopbackNamespace.RequireAsync();
        using var folder = new TestFolder();
        await using var bridge = new PortBridge(folder.File("bridge"), _provider.Address.Port);

        var result = await ClaudeCode.AskAsync("Say something.", bridge, new Dictionary<string, string>
        {
            ["ANTHROPIC_BASE_URL"] = _provider.Address.GetLeftPart(UriPartial.Authority),
            ["NODE_EXTRA_CA_CERTS"] = _provider.TrustFile,
        });

        Assert.True(result.ExitCode == 0, result.Everything);
        Assert.Contains(ProviderAnswers.Text, result.Out, StringComparison.Ordinal);
        Assert.Contains(_provider.Requests, r => r.Path == "/v1/messages" && r.BodyText.Contains("Say something.", StringComparison.Ordinal));
    }

    private Uri BaseUrl(Sdk sdk) => sdk == Sdk.AnthropicMessages ? _provider.Address : new Uri(_provider.Address, "v1");

    private Dictionary<string, string> Trust() => new() { ["NODE_EXTRA_CA_CERTS"] = _provider.TrustFile };
}
