using System.IO.Compression;
using System.Text;
using LocalFirst.Guard.EndToEnd.Broker;
using LocalFirst.Guard.EndToEnd.Clients;
using LocalFirst.Guard.EndToEnd.Provider;
using LocalFirst.Guard.EndToEnd.Samples;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Journey;

/// <summary>A clean request travels as if nothing were there.</summary>
[Collection<WithModel>]
public sealed class CleanRequestTests(BrokerWithModel broker)
{
    public static TheoryData<Sdk, Way> EverySdkBothWays { get; } = MatrixData.Of(Enum.GetValues<Sdk>(), Enum.GetValues<Way>());

    [Theory]
    [MemberData(nameof(EverySdkBothWays))]
    public async Task A_clean_request_arrives_byte_for_byte_and_its_stream_comes_back_piece_by_piece(Sdk sdk, Way way)
    {
        using var pace = new AnswerPace();
        broker.Provider.Pace = pace;
        var prompt = Some.CleanPrompt();
        await using var client = await broker.AskAsync(sdk, way, prompt, stream: true);
        try
        {
            var sent = await client.NextAsync("request");
            Assert.Equal(200, (await client.NextAsync("response")).Status);
            foreach (var piece in ProviderAnswers.Pieces)
            {
                // The provider holds the next piece until this one has been reported: a collecting broker would hang here.
                Assert.Equal(piece, (await client.NextAsync("text")).Text);
                pace.ReleaseOne();
            }

            Assert.Equal(ProviderAnswers.Text, (await client.NextAsync("done")).Text);
            var received = Assert.Single(broker.Provider.Requests, r => r.BodyText.Contains(prompt, StringComparison.Ordinal));
            Assert.Equal(sent.BodySha256, received.BodySha256);
            Assert.Equal(SdkClient.PathOf(sdk), received.Target);
        }
        finally
        {
            broker.Provider.Pace = null;
        }
    }

    [Theory]
    [MemberData(nameof(EverySdkBothWays))]
    public async Task A_clean_request_without_a_stream_arrives_byte_for_byte_and_gets_the_whole_answer(Sdk sdk, Way way)
    {
        var prompt = Some.CleanPrompt();
        await using var client = await broker.AskAsync(sdk, way, prompt, stream: false);

        var sent = await client.NextAsync("request");
        var end = await client.EndAsync();

        Assert.True(end.Kind == "done", end.Fields.GetRawText());
        Assert.Equal(ProviderAnswers.Text, end.Text);
        var received = Assert.Single(broker.Provider.Requests, r => r.BodyText.Contains(prompt, StringComparison.Ordinal));
        Assert.Equal(sent.BodySha256, received.BodySha256);
    }

    [Theory]
    [InlineData(Way.Proxy)]
    [InlineData(Way.BaseUrl)]
    public async Task Headers_arrive_as_sent_and_none_is_added(Way way)
    {
        string[] headers =
        [
            "Authorization: Bearer dummy-key-of-a-test",
            "Content-Type: application/json",
            "User-Agent: a-test/1.0 (raw)",
            "X-Stainless-Retry-Count: 0",
            "Anthropic-Beta: one-2026-01-01",
            "Accept: text/event-stream, application/json;q=0.5",
            "Accept-Encoding: gzip, deflate, br, zstd",
        ];

        var (response, received) = await PostAsync(way, headers, ChatBody());

        Assert.Equal(200, response.Status);
        var names = headers.Select(h => h.Split(':')[0]).Concat(["Host", "Content-Length"]).Order(StringComparer.OrdinalIgnoreCase);
        Assert.Equal(names, received.Headers.Select(h => h.Key).Order(StringComparer.OrdinalIgnoreCase), StringComparer.OrdinalIgnoreCase);
        foreach (var header in headers)
        {
            var (name, value) = (header.Split(": ", 2)[0], header.Split(": ", 2)[1]);
            Assert.Equal(value, string.Join(", ", received.Headers.Where(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(h => h.Value)));
        }
    }

    [Fact]
    public async Task Hop_by_hop_headers_and_those_that_Connection_names_stay_here()
    {
        var (response, received) = await PostAsync(
            Way.Proxy,
            [
                "Content-Type: application/json",
                "Connection: keep-alive, X-Only-For-You",
                "X-Only-For-You: 1",
                "Keep-Alive: timeout=5",
                "Proxy-Connection: keep-alive",
                "Proxy-Authorization: Basic dGVzdA==",
                "TE: trailers",
                "X-For-Everybody: 1",
            ],
            ChatBody());

        Assert.Equal(200, response.Status);
        Assert.Equal("1", received.Header("X-For-Everybody"));
        foreach (var name in new[] { "X-Only-For-You", "Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "TE", "Connection" })
        {
            Assert.True(received.Header(name) is null, $"{name} reached the provider.");
        }
    }

    [Fact]
    public async Task Path_and_query_arrive_as_written()
    {
        const string target = "/v1/models?after=a%2Fb%20c&x=%41&empty=&x=2";
        await using var connection = await RawConnection.ThroughAsync(broker.Guard, "api.openai.com");

        var response = await connection.RequestAsync("GET", target, "api.openai.com", ["Accept: */*"], default);

        Assert.Equal(200, response.Status);
        Assert.Contains(broker.Provider.Requests, r => r.Target == target);
    }

    [Fact]
    public async Task A_chunked_body_arrives_with_the_same_bytes()
    {
        var body = Encoding.UTF8.GetString(ChatBody());
        await using var connection = await RawConnection.ThroughAsync(broker.Guard, "api.openai.com");
        await connection.SendAsync("POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
        foreach (var piece in body.Chunk(7))
        {
            await connection.SendAsync($"{piece.Length:x}\r\n{new string(piece)}\r\n");
        }

        await connection.SendAsync("0\r\n\r\n");

        Assert.Equal(200, (await connection.ReadAsync()).Status);
        Assert.Contains(broker.Provider.Requests, r => r.BodyText == body);
    }

    [Fact]
    public async Task A_compressed_body_is_inspected_and_arrives_still_compressed()
    {
        using var compressed = new MemoryStream();
        await using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal))
        {
            gzip.Write(ChatBody());
        }

        var (response, received) = await PostAsync(Way.Proxy, ["Content-Type: application/json", "Content-Encoding: gzip"], compressed.ToArray());

        Assert.True(response.Status < 500, response.ToString());
        Assert.Equal(compressed.ToArray(), received.Body);
        Assert.Equal("gzip", received.Header("Content-Encoding"));
    }

    [Fact]
    public async Task Json_of_an_unknown_form_is_walked_recorded_as_partial_and_forwarded()
    {
        var body = Encoding.UTF8.GetBytes($$"""{"model":"text-embedding-3-small","input":"{{Some.CleanPrompt()}}"}""");
        await using var connection = await RawConnection.ThroughAsync(broker.Guard, "api.openai.com");

        var response = await connection.RequestAsync("POST", "/v1/embeddings", "api.openai.com", ["Content-Type: application/json"], body);

        Assert.Equal(200, response.Status);
        Assert.Contains(broker.Provider.Requests, r => r.Body.AsSpan().SequenceEqual(body));
        var records = await AuditTail.AssertWholeAsync(broker.Home);
        Assert.Contains(records, r => r.Type == "decision" && r.Text("state") == "partial" && r.Text("action") == "allow");
    }

    [Fact]
    public async Task A_redirect_of_the_provider_is_handed_to_the_client_and_not_followed()
    {
        await using var elsewhere = await FakeProvider.StartAsync();
        broker.Provider.Answer = (context, _) =>
        {
            context.Response.Redirect(new Uri(elsewhere.Address, "v1/chat/completions").ToString());
            return Task.CompletedTask;
        };
        try
        {
            var (response, _) = await PostAsync(Way.BaseUrl, ["Content-Type: application/json"], ChatBody());

            Assert.Equal(302, response.Status);
            Assert.StartsWith(elsewhere.Address.ToString(), response.Header("Location"), StringComparison.Ordinal);
            Assert.Equal(0, elsewhere.Connections);
        }
        finally
        {
            broker.Provider.Answer = null;
        }
    }

    [Fact]
    public async Task An_error_of_the_provider_reaches_the_client_untouched()
    {
        var error = """{"error":{"message":"slow down","type":"rate_limit_error"}}"""u8.ToArray();
        broker.Provider.Answer = async (context, _) =>
        {
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = "7";
            context.Response.ContentType = "application/json";
            await context.Response.Body.WriteAsync(error);
        };
        try
        {
            var (response, _) = await PostAsync(Way.Proxy, ["Content-Type: application/json"], ChatBody());

            Assert.Equal(429, response.Status);
            Assert.Equal("7", response.Header("Retry-After"));
            Assert.Equal(error, response.Body);
        }
        finally
        {
            broker.Provider.Answer = null;
        }
    }

    [Theory]
    [InlineData(Way.Proxy)]
    [InlineData(Way.BaseUrl)]
    public async Task A_client_that_goes_away_takes_its_request_to_the_provider_with_it(Way way)
    {
        using var pace = new AnswerPace();
        broker.Provider.Pace = pace;
        try
        {
            var body = ChatBody(stream: true);
            await using var connection = await OpenAsync(way);
            await connection.SendAsync($"POST {Prefix(way)}/v1/chat/completions HTTP/1.1\r\nHost: {HostOf(way)}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n");
            await connection.SendAsync(body);
            await Bounded.UntilAsync(() => Task.FromResult(Find(body) is not null), "the arrival of the request at the provider");

            connection.Reset();

            await Find(body)!.Aborted.Within("the end of the abandoned request at the provider");
        }
        finally
        {
            broker.Provider.Pace = null;
        }
    }

    [Fact]
    public async Task The_log_is_whole_and_holds_each_decision_before_its_outcome()
    {
        var (response, _) = await PostAsync(Way.Proxy, ["Content-Type: application/json"], ChatBody());
        Assert.Equal(200, response.Status);

        await Bounded.UntilAsync(
            async () => (await AuditTail.ReadAsync(broker.Home)).Any(r => r.Type == "outcome" && r.Text("result") == "forwarded"),
            "the outcome record of a forwarded exchange");
        await AuditTail.AssertWholeAsync(broker.Home);
    }

    private static byte[] ChatBody(bool stream = false) => Encoding.UTF8.GetBytes(
        $$"""{"model": "gpt-5",  "stream": {{(stream ? "true" : "false")}}, "messages": [{"role": "user", "content": "{{Some.CleanPrompt()}}"}]}""");

    private static string Prefix(Way way) => way == Way.BaseUrl ? "/openai" : "";

    private string HostOf(Way way) => way == Way.BaseUrl ? broker.Guard.Proxy.Authority : "api.openai.com";

    private Task<RawConnection> OpenAsync(Way way) =>
        way == Way.BaseUrl ? RawConnection.OpenAsync(broker.Guard.Proxy) : RawConnection.ThroughAsync(broker.Guard, "api.openai.com");

    private ReceivedRequest? Find(byte[] body) => broker.Provider.Requests.FirstOrDefault(r => r.Body.AsSpan().SequenceEqual(body));

    private async Task<(RawResponse Response, ReceivedRequest Received)> PostAsync(Way way, IEnumerable<string> headers, byte[] body)
    {
        await using var connection = await OpenAsync(way);
        var response = await connection.RequestAsync("POST", $"{Prefix(way)}/v1/chat/completions", HostOf(way), headers, body);
        var received = Find(body);
        Assert.True(received is not null, $"The provider did not get the request; the client got {response}");
        return (response, received);
    }
}
