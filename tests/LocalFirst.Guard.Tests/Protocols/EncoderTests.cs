using System.Text;
using System.Text.Json;
using LocalFirst.Guard.Protocols;
using Xunit;

namespace LocalFirst.Guard.Tests.Protocols;

public sealed class EncoderTests
{
    private static readonly AnswerEvent[] Answer =
        [new AnswerEvent.Text("Hé\n\"llo\" "), new AnswerEvent.Text("\uD83D"), new AnswerEvent.Text("\uDD11 end"), new AnswerEvent.Done(StopReason.EndTurn, 11, 7)];

    private const string Whole = "Hé\n\"llo\" \U0001F511 end";

    [Theory]
    [InlineData(StopReason.EndTurn, "end_turn")]
    [InlineData(StopReason.MaxTokens, "max_tokens")]
    [InlineData(StopReason.StopSequence, "stop_sequence")]
    public async Task An_anthropic_stream_has_the_documented_sequence(StopReason reason, string wire)
    {
        var events = await StreamAsync(Prompt(ApiForm.AnthropicMessages), [.. Answer[..3], new AnswerEvent.Done(reason, 11, 7)]);

        Assert.Equal(
            ["message_start", "content_block_start", "ping", "content_block_delta", "content_block_delta", "content_block_stop", "message_delta", "message_stop"],
            events.Select(e => e.Name));
        Assert.All(events, e => Assert.Equal(e.Name, e.Data.GetProperty("type").GetString()));
        var message = events[0].Data.GetProperty("message");
        Assert.StartsWith("msg_", message.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Equal("the-model", message.GetProperty("model").GetString());
        Assert.Equal(JsonValueKind.Null, message.GetProperty("stop_reason").ValueKind);
        Assert.Equal(123, message.GetProperty("usage").GetProperty("input_tokens").GetInt32());
        Assert.Equal(Whole, string.Concat(events.Where(e => e.Name == "content_block_delta").Select(e => e.Data.GetProperty("delta").GetProperty("text").GetString())));
        Assert.Equal(wire, events[6].Data.GetProperty("delta").GetProperty("stop_reason").GetString());
        Assert.Equal(7, events[6].Data.GetProperty("usage").GetProperty("output_tokens").GetInt32());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_chat_stream_has_the_documented_sequence(bool usage)
    {
        var events = await StreamAsync(Prompt(ApiForm.OpenAiChat) with { IncludeUsage = usage }, Answer);

        Assert.All(events, e => Assert.Null(e.Name));
        Assert.Equal("[DONE]", events[^1].Raw);
        var chunks = events[..^1];
        Assert.All(chunks, e => Assert.Equal("chat.completion.chunk", e.Data.GetProperty("object").GetString()));
        Assert.Single(chunks.Select(e => e.Data.GetProperty("id").GetString()).Distinct());
        Assert.Equal("assistant", Choice(chunks[0]).GetProperty("delta").GetProperty("role").GetString());
        Assert.Equal(Whole, string.Concat(chunks.Where(e => e.Data.GetProperty("choices").GetArrayLength() > 0)
            .Select(e => Choice(e).GetProperty("delta").TryGetProperty("content", out var content) ? content.GetString() : "")));
        var finish = chunks[usage ? ^2 : ^1];
        Assert.Equal("stop", Choice(finish).GetProperty("finish_reason").GetString());
        if (usage)
        {
            Assert.Equal(0, chunks[^1].Data.GetProperty("choices").GetArrayLength());
            Assert.Equal(18, chunks[^1].Data.GetProperty("usage").GetProperty("total_tokens").GetInt32());
        }
        else
        {
            Assert.All(chunks, e => Assert.False(e.Data.TryGetProperty("usage", out _)));
        }
    }

    [Theory]
    [InlineData(StopReason.EndTurn, "completed")]
    [InlineData(StopReason.MaxTokens, "incomplete")]
    public async Task A_responses_stream_has_the_documented_sequence(StopReason reason, string status)
    {
        var events = await StreamAsync(Prompt(ApiForm.OpenAiResponses), [.. Answer[..3], new AnswerEvent.Done(reason, 11, 7)]);

        Assert.Equal(
            [
                "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added", "response.output_text.delta",
                "response.output_text.delta", "response.output_text.done", "response.content_part.done", "response.output_item.done", "response." + status,
            ],
            events.Select(e => e.Name));
        Assert.Equal(Enumerable.Range(0, events.Count), events.Select(e => e.Data.GetProperty("sequence_number").GetInt32()));
        Assert.All(events, e => Assert.Equal(e.Name, e.Data.GetProperty("type").GetString()));
        Assert.Equal(Whole, string.Concat(events.Where(e => e.Name == "response.output_text.delta").Select(e => e.Data.GetProperty("delta").GetString())));
        Assert.Equal(Whole, events[6].Data.GetProperty("text").GetString());
        Assert.Equal(Whole, events[8].Data.GetProperty("item").GetProperty("content")[0].GetProperty("text").GetString());
        var response = events[^1].Data.GetProperty("response");
        Assert.Equal(status, response.GetProperty("status").GetString());
        Assert.Equal("the-model", response.GetProperty("model").GetString());
        Assert.Equal(Whole, response.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString());
        Assert.Equal(18, response.GetProperty("usage").GetProperty("total_tokens").GetInt32());
        Assert.Equal(0, events[0].Data.GetProperty("response").GetProperty("output").GetArrayLength());
    }

    [Fact]
    public async Task An_answer_of_one_shape_is_the_same_text_when_it_is_not_streamed()
    {
        var done = (AnswerEvent.Done)Answer[^1];
        var anthropic = Body(ApiForm.AnthropicMessages, done);
        Assert.Equal(Whole, anthropic.GetProperty("content")[0].GetProperty("text").GetString());
        Assert.Equal("end_turn", anthropic.GetProperty("stop_reason").GetString());
        Assert.Equal(11, anthropic.GetProperty("usage").GetProperty("input_tokens").GetInt32());

        var chat = Body(ApiForm.OpenAiChat, done);
        Assert.Equal(Whole, chat.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        Assert.Equal("stop", chat.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Equal(18, chat.GetProperty("usage").GetProperty("total_tokens").GetInt32());

        var responses = Body(ApiForm.OpenAiResponses, done);
        Assert.Equal("completed", responses.GetProperty("status").GetString());
        Assert.Equal(Whole, responses.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString());

        Assert.Equal(11, Body(ApiForm.AnthropicCountTokens, done).GetProperty("input_tokens").GetInt32());
        var counted = await ChunksAsync(Prompt(ApiForm.AnthropicCountTokens), []);
        Assert.Equal(123, JsonDocument.Parse(Assert.Single(counted)).RootElement.GetProperty("input_tokens").GetInt32());
    }

    [Theory]
    [InlineData(ApiForm.AnthropicMessages, "error")]
    [InlineData(ApiForm.OpenAiChat, null)]
    [InlineData(ApiForm.OpenAiResponses, "response.failed")]
    public async Task A_failure_after_the_start_is_the_api_s_error_event_and_shows_no_exception_text(string api, string? name)
    {
        var failures = new (Func<Exception, string>? Describe, bool Throws, string Expected)[]
        {
            (null, true, AnswerEncoders.DefaultFailure),
            (null, false, AnswerEncoders.DefaultFailure),
            (error => "told: " + error.GetType().Name, true, "told: InvalidOperationException"),
        };
        foreach (var (describe, throws, expected) in failures)
        {
            var events = Parse(await ChunksAsync(Prompt(api), [Answer[0]], describe, throws));
            var last = events[^1];
            Assert.Equal(name, last.Name);
            Assert.DoesNotContain(events, e => e.Raw.Contains("the prompt itself", StringComparison.Ordinal) || e.Raw == "[DONE]");
            var error = api == ApiForm.OpenAiResponses ? last.Data.GetProperty("response").GetProperty("error") : last.Data.GetProperty("error");
            Assert.Equal(expected, error.GetProperty("message").GetString());
        }
    }

    [Fact]
    public async Task Each_event_is_handed_out_when_it_comes()
    {
        var gate = new TaskCompletionSource();
        async IAsyncEnumerable<AnswerEvent> SlowAsync()
        {
            yield return Answer[0];
            await gate.Task;
            yield return Answer[^1];
        }

        var encoder = AnswerEncoders.For(ApiForm.OpenAiChat)!;
        await using var chunks = encoder.EncodeStreamAsync(Prompt(encoder.Api), SlowAsync(), TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await chunks.MoveNextAsync());
        Assert.True(await chunks.MoveNextAsync());
        Assert.Contains("llo", Encoding.UTF8.GetString(chunks.Current.Span), StringComparison.Ordinal);
        var next = chunks.MoveNextAsync();
        Assert.False(next.IsCompleted);
        gate.SetResult();
        Assert.True(await next);
    }

    [Fact]
    public async Task Half_characters_become_replacement_characters()
    {
        foreach (var api in (string[])[ApiForm.OpenAiChat, ApiForm.OpenAiResponses, ApiForm.AnthropicMessages])
        {
            var raw = string.Concat(await ChunksAsync(Prompt(api), [new AnswerEvent.Text("a\uDC00b"), new AnswerEvent.Text("c\uD83D"), Answer[^1]]));
            Assert.Contains("a\uFFFDb", raw, StringComparison.Ordinal);
            Assert.Equal("a\uFFFD", AnswerSource.Clean("a\uD83D"));
        }
    }

    [Fact]
    public void Ids_are_random() => Assert.NotEqual(
        Body(ApiForm.OpenAiChat, (AnswerEvent.Done)Answer[^1]).GetProperty("id").GetString(),
        Body(ApiForm.OpenAiChat, (AnswerEvent.Done)Answer[^1]).GetProperty("id").GetString());

    [Fact]
    public void What_cannot_be_answered_locally_has_no_encoder()
    {
        Assert.Null(AnswerEncoders.For(ApiForm.GenericJson));
        Assert.Null(AnswerEncoders.For(ApiForm.Bodyless));
        Assert.Null(AnswerEncoders.For(ApiForm.None));
    }

    [Theory]
    [InlineData(400, "invalid_request_error")]
    [InlineData(413, "request_too_large")]
    [InlineData(429, "rate_limit_error")]
    [InlineData(500, "api_error")]
    [InlineData(503, "overloaded_error")]
    public void A_refusal_to_an_anthropic_client_is_anthropic_s_own_error(int status, string type)
    {
        var (answer, json) = Refuse("anthropic", status);
        Assert.Equal(status, answer.Status);
        Assert.Equal("error", json.GetProperty("type").GetString());
        Assert.Equal(type, json.GetProperty("error").GetProperty("type").GetString());
        Assert.Equal("No: \"rule\"", json.GetProperty("error").GetProperty("message").GetString());
        Assert.StartsWith("req_", json.GetProperty("request_id").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_refusal_to_an_openai_client_is_openai_s_own_error()
    {
        var (answer, json) = Refuse("openai", 400);
        Assert.Equal((400, "application/json"), (answer.Status, answer.ContentType));
        var error = json.GetProperty("error");
        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
        Assert.Equal("blocked", error.GetProperty("code").GetString());
        Assert.Equal(JsonValueKind.Null, error.GetProperty("param").ValueKind);
    }

    [Fact]
    public void A_refusal_to_a_google_client_is_google_s_own_error() =>
        Assert.Equal("INVALID_ARGUMENT", Refuse("google", 400).Json.GetProperty("error").GetProperty("status").GetString());

    private static (EncodedAnswer Answer, JsonElement Json) Refuse(string shape, int status)
    {
        var answer = RefusalEncoder.Encode(shape, new Refusal(status, "No: \"rule\"", "blocked"));
        return (answer, JsonDocument.Parse(answer.Body).RootElement);
    }

    private static JsonElement Choice(WireEvent chunk) => chunk.Data.GetProperty("choices")[0];

    private static Prompt Prompt(string api) => new()
    {
        Provider = "p",
        Api = api,
        State = DecodeState.Complete,
        Parts = [],
        RequestedModel = "the-model",
        TokenEstimate = 123,
    };

    private static JsonElement Body(string api, AnswerEvent.Done done)
    {
        var answer = AnswerEncoders.For(api)!.Encode(Prompt(api), Whole, done);
        Assert.Equal((200, "application/json"), (answer.Status, answer.ContentType));
        return JsonDocument.Parse(answer.Body).RootElement;
    }

    private static async Task<List<WireEvent>> StreamAsync(Prompt prompt, AnswerEvent[] events) => Parse(await ChunksAsync(prompt, events));

    private static async Task<List<string>> ChunksAsync(Prompt prompt, AnswerEvent[] events, Func<Exception, string>? describe = null, bool throws = false)
    {
        var chunks = new List<string>();
        await foreach (var chunk in AnswerEncoders.For(prompt.Api, describe)!.EncodeStreamAsync(prompt, SourceAsync(events, throws), TestContext.Current.CancellationToken))
        {
            chunks.Add(Encoding.UTF8.GetString(chunk.Span));
        }

        return chunks;
    }

    private static async IAsyncEnumerable<AnswerEvent> SourceAsync(AnswerEvent[] events, bool throws)
    {
        foreach (var item in events)
        {
            await Task.Yield();
            yield return item;
        }

        if (throws)
        {
            throw new InvalidOperationException("the prompt itself");
        }
    }

    /// <summary>A reader of server-sent events as strict as the standard: fields, one blank line after each event, nothing else.</summary>
    private static List<WireEvent> Parse(List<string> chunks)
    {
        var events = new List<WireEvent>();
        foreach (var chunk in chunks)
        {
            Assert.EndsWith("\n\n", chunk, StringComparison.Ordinal);
            foreach (var block in chunk[..^2].Split("\n\n"))
            {
                string? name = null;
                string? data = null;
                foreach (var line in block.Split('\n'))
                {
                    if (line.StartsWith("event: ", StringComparison.Ordinal) && name is null)
                    {
                        name = line["event: ".Length..];
                    }
                    else
                    {
                        Assert.Null(data);
                        Assert.StartsWith("data: ", line, StringComparison.Ordinal);
                        data = line["data: ".Length..];
                    }
                }

                Assert.NotNull(data);
                events.Add(new WireEvent(name, data, data == "[DONE]" ? default : JsonDocument.Parse(data).RootElement));
            }
        }

        return events;
    }

    private sealed record WireEvent(string? Name, string Raw, JsonElement Data);
}
