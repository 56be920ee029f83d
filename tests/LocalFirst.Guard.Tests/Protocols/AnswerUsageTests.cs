using System.Text;
using LocalFirst.Guard.Protocols;
using Xunit;

namespace LocalFirst.Guard.Tests.Protocols;

public sealed class AnswerUsageTests
{
    private const string Events = "text/event-stream; charset=utf-8";
    private const string Json = "application/json";

    public static TheoryData<string, string, string> Answers { get; } = new()
    {
        { "chat stream with usage", Events, ChatStream + """data: {"id":"c","model":"gpt-5","choices":[],"usage":{"prompt_tokens":100,"completion_tokens":20,"prompt_tokens_details":{"cached_tokens":64}}}""" + "\n\ndata: [DONE]\n\n" },
        { "chat json", Json, """{"id":"c","model":"gpt-5","choices":[{"message":{"role":"assistant","content":"a \"usage\": {\"prompt_tokens\":9}"}}],"usage":{"prompt_tokens":100,"completion_tokens":20,"prompt_tokens_details":{"cached_tokens":64}}}""" },
        { "responses stream", Events, "event: response.output_text.delta\r\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"hällo wörld\"}\r\n\r\nevent: response.completed\r\ndata: {\"type\":\"response.completed\",\"response\":{\"model\":\"gpt-5\",\"usage\":{\"input_tokens\":100,\"input_tokens_details\":{\"cached_tokens\":64},\"output_tokens\":20}}}\r\n\r\n" },
        { "responses json", Json, """{"model":"gpt-5","output":[],"usage":{"input_tokens":100,"input_tokens_details":{"cached_tokens":64},"output_tokens":20,"output_tokens_details":{"reasoning_tokens":5}}}""" },
        { "messages stream", Events, MessageStream },
        { "messages json", Json, """{"type":"message","model":"claude-x","content":[],"usage":{"input_tokens":30,"cache_read_input_tokens":64,"cache_creation_input_tokens":6,"cache_creation":{"ephemeral_5m_input_tokens":2,"ephemeral_1h_input_tokens":4},"output_tokens":20}}""" },
    };

    private const string ChatStream = "data: {\"id\":\"c\",\"model\":\"gpt-5\",\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}],\"usage\":null}\n\ndata: {\"id\":\"c\",\"model\":\"gpt-5\",\"choices\":[{\"delta\":{\"content\":\"hello usage\"}}],\"usage\":null}\n\n";

    private const string MessageStream =
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"claude-x\",\"usage\":{\"input_tokens\":30,\"cache_read_input_tokens\":64,\"cache_creation_input_tokens\":6,\"cache_creation\":{\"ephemeral_1h_input_tokens\":4},\"output_tokens\":1}}}\n\n"
        + "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"hällo \\\"delta\\\"\"}}\n\n"
        + "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":20}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

    [Theory]
    [MemberData(nameof(Answers))]
    public void Every_cut_of_an_answer_gives_the_same_counts(string name, string contentType, string answer)
    {
        var bytes = Encoding.UTF8.GetBytes(answer);
        var (whole, text) = Read(contentType, bytes);
        var expected = name.StartsWith("messages", StringComparison.Ordinal)
            ? new AnswerUsage("claude-x", new TokenCounts(30, 64, 6, 20, 4))
            : new AnswerUsage("gpt-5", new TokenCounts(36, 64, 0, 20));
        Assert.Equal(expected, whole);

        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            Assert.Equal((expected, text), Read(contentType, bytes[..cut], bytes[cut..]));
        }

        Assert.Equal((expected, text), Read(contentType, [.. bytes.Select(b => new[] { b })]));
    }

    [Fact]
    public void A_stream_without_counts_tells_its_text_alone()
    {
        using var reader = new AnswerUsageReader(Events);
        reader.Read(Encoding.UTF8.GetBytes(ChatStream + "data: [DONE]\n\n"));
        Assert.Null(reader.Finish());
        Assert.Equal("hello usage".Length, reader.TextBytes);
        Assert.True(reader.IsComplete);
    }

    [Fact]
    public void A_stream_that_breaks_off_is_not_complete()
    {
        var half = MessageStream[..MessageStream.IndexOf("event: message_delta", StringComparison.Ordinal)];
        using var reader = new AnswerUsageReader(Events);
        reader.Read(Encoding.UTF8.GetBytes(half));
        Assert.Equal(1, reader.Finish()!.Tokens.Output);
        Assert.False(reader.IsComplete);
        Assert.True(reader.TextBytes > 5);
    }

    [Fact]
    public void What_is_longer_than_the_bound_is_skipped_wherever_it_is_cut_and_the_next_line_is_read_again()
    {
        var line = Encoding.UTF8.GetBytes($"data: {{\"usage\":{{\"input_tokens\":1}},\"x\":\"{new string('x', 200)}\"}}\ndata: {{\"usage\":{{\"input_tokens\":7}}}}\n");
        for (var cut = 0; cut <= line.Length; cut++)
        {
            using var reader = new AnswerUsageReader(Events, maxHeld: 100);
            reader.Read(line.AsSpan(0, cut));
            reader.Read(line.AsSpan(cut));
            Assert.Equal(7, reader.Finish()!.Tokens.Input);
        }
    }

    [Fact]
    public void Whatever_a_provider_sends_nothing_is_thrown()
    {
        var random = new Random(4711);
        var seeds = Answers.Select(row => row.Data).ToList();
        for (var i = 0; i < 2000; i++)
        {
            var (_, contentType, answer) = seeds[random.Next(seeds.Count)];
            var bytes = Encoding.UTF8.GetBytes(answer);
            for (var flips = random.Next(1, 8); flips > 0; flips--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            using var reader = new AnswerUsageReader(contentType);
            reader.Read(bytes);
            reader.Finish();
        }
    }

    [Fact]
    public void Impossible_counts_are_cut_to_what_a_record_holds()
    {
        var (usage, _) = Read(Json, Encoding.UTF8.GetBytes("""{"usage":{"input_tokens":-5,"output_tokens":9223372036854775807,"cache_read_input_tokens":1.5,"cache_creation_input_tokens":"7"}}"""));
        Assert.Equal(new TokenCounts(0, 0, 0, 9_007_199_254_740_991), usage!.Tokens);
    }

    private static (AnswerUsage? Usage, long Text) Read(string contentType, params byte[][] pieces)
    {
        using var reader = new AnswerUsageReader(contentType);
        foreach (var piece in pieces)
        {
            reader.Read(piece);
        }

        return (reader.Finish(), reader.TextBytes);
    }
}
