using System.Text;
using System.Text.Json;
using LocalFirst.Guard.Protocols;
using Xunit;

namespace LocalFirst.Guard.Tests.Protocols;

public sealed class ResponsesSocketTests
{
    [Theory]
    [InlineData("""{"type":"response.create","input":{"type":"x","previous_response_id":"y"}}""", "response.create", false)]
    [InlineData("""{"a":[1,{"b":2}],"previous_response_id":"resp_1","type":"response.create"}""", "response.create", true)]
    [InlineData("""{"previous_response_id":null,"type":"response.create"}""", "response.create", false)]
    [InlineData("""{"type":7}""", null, false)]
    [InlineData("""["response.create"]""", null, false)]
    [InlineData("""{"type":"response.cr""", null, false)]
    [InlineData("", null, false)]
    public void The_head_of_a_message_is_what_stands_at_its_top_level(string message, string? type, bool continues) =>
        Assert.Equal(new ClientMessageHead(type, continues), ResponsesSocket.ReadHead(Encoding.UTF8.GetBytes(message)));

    [Theory]
    [InlineData("""{"type":"response.created","response":{"id":"resp_1","previous_response_id":"resp_0","metadata":{"id":"m"}}}""", false, "resp_1")]
    [InlineData("""{"type":"response.completed","response":{"id":"resp_1","conversation":{"id":"conv_1"},"output":[{"id":"rs_1","encrypted_content":"sealed"}]}}""", true, "resp_1,conv_1,rs_1,sealed")]
    [InlineData("""{"type":"response.output_item.done","item":{"id":"rs_2","encrypted_content":"sealed","content":[{"id":"inner"}]}}""", false, "rs_2,sealed")]
    [InlineData("""{"type":"error","status":400,"error":{"code":"x"}}""", true, "")]
    [InlineData("""{"type":"response.output_text.delta","delta":"{\"response\":{\"id\":\"resp_forged\"}}"}""", false, "")]
    [InlineData("""{"type":"response.failed","response":{"id":7}}""", true, "")]
    [InlineData("""{"response":""", false, "")]
    public void An_event_issues_the_provider_s_own_ids_and_nothing_that_it_repeats(string message, bool ends, string issued)
    {
        var values = new List<string>();

        Assert.Equal(ends, ResponsesSocket.ReadEvent(Encoding.UTF8.GetBytes(message), values.Add));

        Assert.Equal(issued, string.Join(',', values));
    }

    [Fact]
    public void An_error_is_read_by_the_SDKs_and_by_Codex()
    {
        var answer = RefusalEncoder.Encode("openai", new Refusal(400, "kept here", "blocked_by_policy"));

        var error = JsonElement.Parse(ResponsesSocket.Error(answer).Span);

        Assert.Equal("error", error.GetProperty("type").GetString());
        Assert.Equal(400, error.GetProperty("status").GetInt32());
        Assert.Equal("kept here", error.GetProperty("message").GetString());
        Assert.Equal("blocked_by_policy", error.GetProperty("code").GetString());
        Assert.Equal("invalid_request_error", error.GetProperty("error").GetProperty("type").GetString());
        Assert.Equal("kept here", error.GetProperty("error").GetProperty("message").GetString());
    }

    [Fact]
    public void The_messages_of_a_piece_of_an_event_stream_are_its_data()
    {
        var piece = Encoding.UTF8.GetBytes("event: a\ndata: {\"n\":1}\n\nevent: b\ndata: {\"n\":2}\n\n");

        Assert.Equal(["{\"n\":1}", "{\"n\":2}"], ResponsesSocket.MessagesOf(piece).Select(m => Encoding.UTF8.GetString(m.Span)));
    }
}
