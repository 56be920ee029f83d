using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using LocalFirst.Guard.EndToEnd.Broker;
using LocalFirst.Guard.EndToEnd.Clients;
using LocalFirst.Guard.EndToEnd.Provider;
using LocalFirst.Guard.EndToEnd.Samples;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Sockets;

/// <summary>A WebSocket through the real binary to a provider over TLS.</summary>
[Collection<WithModel>]
public sealed class SocketTests(BrokerWithModel broker)
{
    public static TheoryData<Way, int, bool> EveryOpening { get; } = new()
    {
        { Way.Proxy, 1, false },
        { Way.Proxy, 1, true },
        { Way.Proxy, 2, false },
        { Way.Proxy, 2, true },
        { Way.BaseUrl, 1, false },
        { Way.BaseUrl, 1, true },
    };

    [Theory]
    [MemberData(nameof(EveryOpening))]
    public async Task Clean_messages_reach_the_provider_as_they_are_and_its_events_come_back_one_by_one(Way way, int version, bool deflate)
    {
        await using var client = await SocketClient.OpenAsync(broker.Guard, way, new Version(version, version == 1 ? 1 : 0), deflate);
        var socket = broker.Provider.Sockets[^1];

        for (var turn = 1; turn <= 2; turn++)
        {
            var message = SocketClient.Create(Some.CleanPrompt()) + " ";
            await client.SendAsync(message);
            var events = await client.AnswerAsync();

            Assert.Equal(ProviderAnswers.Text, SocketClient.TextOf(events));
            Assert.Equal(Enumerable.Range(0, events.Count), events.Select(e => e.GetProperty("sequence_number").GetInt32()));
            Assert.Equal(message, socket.Messages[^1].Text);
        }

        Assert.Equal(deflate, socket.Request.Header("Sec-WebSocket-Extensions")?.Contains("permessage-deflate", StringComparison.Ordinal) == true);
        Assert.Equal("Bearer dummy-key-of-a-test", socket.Request.Header("Authorization"));
        Assert.Null(socket.Request.Header("X-Forwarded-For"));
        Assert.Equal("of the upgrade", client.Socket.HttpResponseHeaders!["x-provider-note"].Single());
        await client.Socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "done", Bounded.Test).Within("the close");
        Assert.Equal((1000, ""), await socket.Closed.Within("the close at the provider"));
        Assert.Equal(WebSocketCloseStatus.NormalClosure, client.Socket.CloseStatus);
    }

    [Fact]
    public async Task Each_message_has_its_own_record_before_it_leaves()
    {
        await using var client = await SocketClient.OpenAsync(broker.Guard);
        var message = SocketClient.Create(Some.CleanPrompt());
        await client.SendAsync(message);
        await client.AnswerAsync();
        await client.Socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, Bounded.Test);

        await Bounded.UntilAsync(
            async () => (await AuditTail.ReadAsync(broker.Home)) is var tail && OfMessage(tail, message) is { } decision && tail.Any(r => r.Type == "outcome" && r.Exchange == decision.Exchange),
            "the outcome record of a message");
        var records = await AuditTail.AssertWholeAsync(broker.Home);
        var recorded = OfMessage(records, message)!;
        Assert.Equal(("openai.responses", "/v1/responses", "connect", "allow", "complete", "gpt-5"), (recorded.Text("api"), recorded.Text("endpoint"), recorded.Text("entry"), recorded.Text("action"), recorded.Text("state"), recorded.Text("model")));
        var opening = records.Last(r => r.Type == "decision" && r.Index < recorded.Index && r.Text("method") == "GET");
        Assert.Equal(("bodyless", "/v1/responses", "allow"), (opening.Text("api"), opening.Text("endpoint"), opening.Text("action")));
        var outcome = records.Single(r => r.Type == "outcome" && r.Exchange == recorded.Exchange);
        Assert.Equal("forwarded", outcome.Text("result"));
        Assert.Equal(message.Length, outcome.Record.GetProperty("bytes_out").GetInt64());
        Assert.True(outcome.Record.GetProperty("bytes_in").GetInt64() > 0);
    }

    [Fact]
    public async Task An_event_goes_on_before_the_next_one_exists()
    {
        using var pace = new AnswerPace();
        broker.Provider.Pace = pace;
        try
        {
            await using var client = await SocketClient.OpenAsync(broker.Guard);
            await client.SendAsync(SocketClient.Create(Some.CleanPrompt()));
            var pieces = 0;
            for (var type = ""; type != "response.completed";)
            {
                type = SocketClient.TypeOf(await client.NextJsonAsync());
                if (type == "response.output_text.delta" && ++pieces < ProviderAnswers.Pieces.Count)
                {
                    pace.ReleaseOne();
                }
            }

            Assert.Equal(ProviderAnswers.Pieces.Count, pieces);
        }
        finally
        {
            broker.Provider.Pace = null;
        }
    }

    [Theory]
    [InlineData(200_000, 1, false)]
    [InlineData(200_000, 1, true)]
    [InlineData(1_000_000, 1, true)]
    [InlineData(1_000_000, 2, false)]
    public async Task A_large_message_arrives_whole(int size, int version, bool deflate)
    {
        await using var client = await SocketClient.OpenAsync(broker.Guard, version: new Version(version, version == 1 ? 1 : 0), deflate: deflate);
        var message = Encoding.UTF8.GetBytes(SocketClient.Create(Some.CleanPrompt() + string.Concat(Enumerable.Repeat("the quick brown fox jumps over it; ", size / 35))));

        await client.SendAsync(message, true);
        await client.AnswerAsync();

        Assert.Equal(SHA256.HashData(message), SHA256.HashData(broker.Provider.Sockets[^1].Messages.Single().Bytes));
    }

    [Fact]
    public async Task A_message_in_fragments_is_put_together_before_it_is_looked_at()
    {
        var (prompt, canary) = broker.SensitivePrompt(Sensitive.Secret);
        await using var client = await SocketClient.OpenAsync(broker.Guard);
        var clean = Encoding.UTF8.GetBytes(SocketClient.Create(Some.CleanPrompt()));
        foreach (var at in Enumerable.Range(0, clean.Length))
        {
            await client.SendAsync([clean[at]], at == clean.Length - 1);
        }

        Assert.Equal(ProviderAnswers.Text, SocketClient.TextOf(await client.AnswerAsync()));
        Assert.Equal(clean, broker.Provider.Sockets[^1].Messages.Single().Bytes);

        foreach (var piece in Encoding.UTF8.GetBytes(SocketClient.Create(prompt)).Chunk(3))
        {
            await client.SendAsync(piece, false);
        }

        await client.SendAsync([], true);
        Assert.StartsWith(DemoModel.AnswerStart, SocketClient.TextOf(await client.AnswerAsync()).TrimStart(), StringComparison.Ordinal);
        Assert.False(broker.Provider.HasSeen(canary));
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public async Task What_must_not_leave_is_answered_here_in_the_socket_s_own_events(int version, bool deflate)
    {
        var (prompt, canary) = broker.SensitivePrompt(Sensitive.Secret);
        await using var client = await SocketClient.OpenAsync(broker.Guard, version: new Version(version, version == 1 ? 1 : 0), deflate: deflate);

        await client.SendAsync(SocketClient.Create(prompt));
        var events = await client.AnswerAsync();

        Assert.Equal("response.created", SocketClient.TypeOf(events[0]));
        Assert.Equal("response.completed", SocketClient.TypeOf(events[^1]));
        Assert.StartsWith(DemoModel.AnswerStart, SocketClient.TextOf(events).TrimStart(), StringComparison.Ordinal);
        Assert.Equal(SocketClient.TextOf(events), events[^1].GetProperty("response").GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString());
        Assert.Empty(broker.Provider.Sockets[^1].Messages);

        await client.SendAsync(SocketClient.Create(Some.CleanPrompt()));
        Assert.Equal(ProviderAnswers.Text, SocketClient.TextOf(await client.AnswerAsync()));
        Assert.False(broker.Provider.HasSeen(canary));
    }

    [Fact]
    public async Task A_delta_on_an_answer_of_this_socket_leaves_and_one_on_another_does_not()
    {
        await using var client = await SocketClient.OpenAsync(broker.Guard);
        await client.SendAsync(SocketClient.Create("", generate: false));
        var id = (await client.AnswerAsync())[0].GetProperty("response").GetProperty("id").GetString();

        await client.SendAsync(Delta(id!));
        Assert.Equal(ProviderAnswers.Text, SocketClient.TextOf(await client.AnswerAsync()));
        await client.SendAsync(Delta("resp_of_somebody_else"));
        var error = Assert.Single(await client.AnswerAsync());

        Assert.Equal("previous_response_not_found", error.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(2, broker.Provider.Sockets[^1].Messages.Count);
    }

    [Fact]
    public async Task A_thousand_small_messages_arrive_in_order()
    {
        await using var client = await SocketClient.OpenAsync(broker.Guard);
        var messages = Enumerable.Range(0, 1000).Select(n => $$"""{"type":"note","number":{{n}},"text":"a small thing"}""").ToList();

        foreach (var message in messages)
        {
            await client.SendAsync(message);
        }

        var socket = broker.Provider.Sockets[^1];
        await Bounded.UntilAsync(() => Task.FromResult(socket.Messages.Count == messages.Count), "the arrival of 1,000 messages");
        Assert.Equal(messages, socket.Messages.Select(m => m.Text));
    }

    [Fact]
    public async Task The_sub_protocol_is_agreed_on_between_client_and_provider()
    {
        await using var client = await SocketClient.OpenAsync(broker.Guard, more: options =>
        {
            options.AddSubProtocol("first.v1");
            options.AddSubProtocol("second.v2");
        });

        Assert.Equal("first.v1", client.Socket.SubProtocol);
        Assert.Equal("first.v1, second.v2", broker.Provider.Sockets[^1].Request.Header("Sec-WebSocket-Protocol"));
    }

    [Fact]
    public async Task The_provider_s_refusal_of_an_upgrade_reaches_the_client()
    {
        broker.Provider.Answer = async (context, _) =>
        {
            context.Response.StatusCode = 401;
            context.Response.Headers["x-provider-note"] = "no";
            await context.Response.Body.WriteAsync("{\"error\":{\"message\":\"bad key\"}}"u8.ToArray());
        };
        try
        {
            await using var connection = await RawConnection.ThroughAsync(broker.Guard, "api.openai.com");
            var response = await connection.RequestAsync("GET", "/v1/responses", "api.openai.com", Upgrade, default);

            Assert.Equal(401, response.Status);
            Assert.Equal("no", response.Header("x-provider-note"));
            Assert.Contains("bad key", response.Text, StringComparison.Ordinal);
        }
        finally
        {
            broker.Provider.Answer = null;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_close_of_the_provider_reaches_the_client_with_code_and_reason(int version)
    {
        await using var client = await SocketClient.OpenAsync(broker.Guard, version: new Version(version, version == 1 ? 1 : 0));

        await broker.Provider.Sockets[^1].CloseAsync(4009, "limit reached");

        Assert.Null(await client.NextAsync());
        Assert.Equal((4009, "limit reached"), ((int)client.Socket.CloseStatus!, client.Socket.CloseStatusDescription));
        await client.Socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Bounded.Test);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_client_that_vanishes_cuts_the_provider(int version)
    {
        var client = await SocketClient.OpenAsync(broker.Guard, version: new Version(version, version == 1 ? 1 : 0));
        var socket = broker.Provider.Sockets[^1];

        client.Socket.Abort();
        await client.DisposeAsync();

        await socket.Cut.Within("the cut at the provider");
    }

    [Fact]
    public async Task A_provider_that_vanishes_cuts_the_client()
    {
        await using var client = await SocketClient.OpenAsync(broker.Guard);

        broker.Provider.Sockets[^1].Abort();

        await Assert.ThrowsAnyAsync<WebSocketException>(client.NextAsync);
        Assert.Null(client.Socket.CloseStatus);
    }

    [Fact]
    public async Task The_SDK_s_own_WebSocket_client_gets_provider_answers_and_local_ones_on_one_socket()
    {
        var (prompt, canary) = broker.SensitivePrompt(Sensitive.Secret);
        var folder = await NodeClients.FolderAsync();
        foreach (var way in Enum.GetValues<Way>())
        {
            string[] args = ["openai-responses-ws.mjs", .. way == Way.BaseUrl ? new[] { "--base-url", broker.Guard.OpenAiBase.ToString() } : []];
            var result = await Processes.RunAsync(
                Processes.Command("node", args, way == Way.Proxy ? broker.ProxyVariables() : new Dictionary<string, string>(), folder),
                JsonSerializer.Serialize(new[] { Some.CleanPrompt(), prompt, Some.CleanPrompt() }));

            Assert.True(result.ExitCode == 0, result.Everything);
            var answers = JsonSerializer.Deserialize<string[]>(result.Out)!;
            Assert.Equal(3, answers.Length);
            Assert.Equal(ProviderAnswers.Text, answers[0]);
            Assert.StartsWith(DemoModel.AnswerStart, answers[1].TrimStart(), StringComparison.Ordinal);
            Assert.Equal(ProviderAnswers.Text, answers[2]);
        }

        Assert.False(broker.Provider.HasSeen(canary));
    }

    internal static readonly string[] Upgrade = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="];

    private static string Delta(string previous) => JsonSerializer.Serialize(new { type = "response.create", model = "gpt-5", previous_response_id = previous, input = Some.CleanPrompt() });

    private static TailedRecord? OfMessage(IEnumerable<TailedRecord> records, string message) =>
        records.LastOrDefault(r => r.Type == "decision" && r.Text("method") == "MESSAGE" && r.Record.GetProperty("body_bytes").GetInt64() == message.Length);
}
