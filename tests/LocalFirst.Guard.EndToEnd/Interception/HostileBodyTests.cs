using System.Text;
using LocalFirst.Guard.EndToEnd.Broker;
using LocalFirst.Guard.EndToEnd.Samples;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Interception;

/// <summary>Bodies made to hurt: a clear error, a broker that goes on, and nothing towards the provider.</summary>
[Collection<WithoutModel>]
public sealed class HostileBodyTests(BrokerWithoutModel broker)
{
    private const int HundredMegabytes = 100_000_000;

    [Fact]
    public async Task A_body_of_100_MB_is_refused_with_413()
    {
        var body = new byte[HundredMegabytes];
        body.AsSpan().Fill((byte)' ');
        "{\"model\":\"gpt-5\",\"messages\":[]}"u8.CopyTo(body);

        await AssertRefusedAsync(await PostAsync(["Content-Type: application/json"], body), 413);
    }

    [Theory]
    [InlineData("this is not json")]
    [InlineData("{\"model\":\"gpt-5\",\"messages\":[")]
    [InlineData("{\"model\":\"gpt-5\",\"messages\":[]} trailing")]
    public async Task A_body_that_is_not_json_is_refused(string body) =>
        await AssertRefusedAsync(await PostAsync(["Content-Type: application/json"], Encoding.UTF8.GetBytes(body)), 400);

    [Theory]
    [InlineData('[', ']')]
    [InlineData('{', '}')]
    public async Task Json_nested_10_000_deep_is_refused(char open, char close)
    {
        const int depth = 10_000;
        var opening = open == '[' ? "[" : "{\"a\":";
        var body = $"{string.Concat(Enumerable.Repeat(opening, depth))}1{new string(close, depth)}";

        await AssertRefusedAsync(await PostAsync(["Content-Type: application/json"], Encoding.UTF8.GetBytes($"{{\"model\":\"gpt-5\",\"messages\":{body}}}")), 400);
    }

    [Fact]
    public async Task Invalid_UTF_8_is_refused()
    {
        byte[] body = [.. "{\"model\":\"gpt-5\",\"messages\":[{\"role\":\"user\",\"content\":\""u8, 0xff, 0xfe, 0xc0, 0xaf, .. "\"}]}"u8];

        await AssertRefusedAsync(await PostAsync(["Content-Type: application/json"], body), 400);
    }

    private async Task<RawResponse> PostAsync(IEnumerable<string> headers, byte[] body)
    {
        await using var connection = await RawConnection.ThroughAsync(broker.Guard, "api.openai.com");
        return await connection.RequestAsync("POST", "/v1/chat/completions", "api.openai.com", headers, body);
    }

    /// <summary>The refusal is clear, nothing left, and the broker still answers the next request.</summary>
    private async Task AssertRefusedAsync(RawResponse response, int status)
    {
        Assert.True(response.Status == status, response.ToString());
        Assert.Contains("LocalFirst.Guard", response.Text, StringComparison.Ordinal);
        Assert.Equal(0, broker.Provider.Connections);
        Assert.True(broker.Guard.IsRunning);

        var (prompt, _) = broker.SensitivePrompt(Sensitive.Secret);
        var next = await PostAsync(["Content-Type: application/json"], System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new { model = "gpt-5", messages = new[] { new { role = "user", content = prompt } } }));
        Assert.Equal(400, next.Status);
        Assert.Contains("LocalFirst.Guard", next.Text, StringComparison.Ordinal);
    }
}
