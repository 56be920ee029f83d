using LocalFirst.Guard.Protocols;
using Xunit;

namespace LocalFirst.Guard.Tests.Protocols;

public sealed class EnvelopeTests
{
    [Fact]
    public void Path_query_and_headers_of_a_bodyless_request_are_parts()
    {
        var prompt = Some.Decode(Some.Request(
            "api.openai.com", "/v1/files/my%20secret?after=a%2Bb+c&flag", default, "GET", ("User-Agent", "curl/8"), ("X-Note", "hello"), ("Host", "api.openai.com")));

        Assert.Equal(DecodeState.Complete, prompt.State);
        Assert.Equal(ApiForm.Bodyless, prompt.Api);
        Assert.Equal(
            ["/v1/files/my%20secret", "/v1/files/my secret", "after", "a+b c", "flag", "curl/8", "hello"],
            prompt.Parts.Select(part => part.Text));
        Assert.Equal("hello", prompt.At("header:X-Note").Text);
        Assert.All(prompt.Parts, part => Assert.Equal(Provenance.Harness, part.Provenance));
    }

    [Fact]
    public void The_credential_of_the_destination_is_no_part_but_a_second_one_is()
    {
        var prompt = Some.Messages(
            """{"model":"m","messages":[]}""",
            ("x-api-key", "for-anthropic"), ("Authorization", "Bearer for-anthropic"), ("X-Api-Key", "smuggled"), ("x-goog-api-key", "for-another"));

        Assert.False(prompt.HasText("for-anthropic"));
        Assert.False(prompt.HasText("Bearer for-anthropic"));
        Assert.True(prompt.HasText("smuggled"));
        Assert.True(prompt.HasText("for-another"));
    }

    [Fact]
    public void A_key_in_the_query_is_no_part_where_the_provider_takes_it_there()
    {
        var gemini = Some.Decode(Some.Request("generativelanguage.googleapis.com", "/v1beta/models?key=abc&key=def", default, "GET"));
        Assert.False(gemini.HasText("abc"));
        Assert.True(gemini.HasText("def"));

        var openai = Some.Decode(Some.Request("api.openai.com", "/v1/models?key=abc", default, "GET"));
        Assert.True(openai.HasText("abc"));
    }

    [Fact]
    public void Transport_headers_with_an_unusual_value_are_parts()
    {
        var prompt = Some.Decode(Some.Request(
            "api.openai.com", "/v1/models", default, "GET",
            ("Content-Length", "12"), ("Connection", "keep-alive"), ("Connection", "AKIA"), ("Host", "api.openai.com:443"), ("Host", "api.openai.com:hidden-text")));

        Assert.Equal(["/v1/models", "AKIA", "api.openai.com:hidden-text"], prompt.Parts.Select(part => part.Text));
    }

    [Fact]
    public void A_header_name_that_is_no_plain_word_is_a_part_and_no_place_repeats_it()
    {
        var prompt = Some.Decode(Some.Request("api.openai.com", "/v1/models", default, "GET", ("X-ghp1234567890", "v")));
        Assert.Equal("X-ghp1234567890", prompt.At("header:*0~name").Text);
        Assert.Equal("v", prompt.At("header:*0").Text);
    }

    [Theory]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("application/grpc")]
    [InlineData("application/grpc-web+proto")]
    [InlineData("application/connect+json")]
    [InlineData("application/x-protobuf")]
    [InlineData("application/json; charset=utf-16")]
    public void A_body_of_a_form_without_decoder_is_undecodable_even_when_it_looks_like_json(string contentType)
    {
        var prompt = Some.Chat("""{"model":"m","messages":[]}""", ("Content-Type", contentType));
        Assert.Equal(DecodeState.Undecodable, prompt.State);
        Assert.NotNull(prompt.StateReason);
        Assert.Equal(ApiForm.None, prompt.Api);
    }

    [Fact]
    public void A_connect_request_is_undecodable() =>
        Assert.Equal(DecodeState.Undecodable, Some.Generic("{}", ("Connect-Protocol-Version", "1")).State);

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    public void Json_is_decoded_whatever_an_innocent_content_type_says(string contentType) =>
        Assert.Equal(DecodeState.Complete, Some.Chat("""{"model":"m","messages":[{"role":"user","content":"hi"}]}""", ("Content-Type", contentType)).State);

    [Fact]
    public void A_content_failure_is_undecodable_with_its_reason()
    {
        var request = Some.Request("api.openai.com", "/v1/responses", new byte[] { 1, 2, 3 });
        var prompt = new RequestDecoder().Decode(request, default, "the body is not valid gzip content.");
        Assert.Equal(DecodeState.Undecodable, prompt.State);
        Assert.Equal("the body is not valid gzip content.", prompt.StateReason);
        Assert.Equal(ApiForm.OpenAiResponses, prompt.Endpoint?.Api);
    }

    [Fact]
    public void An_empty_body_on_a_known_endpoint_is_bodyless_and_complete()
    {
        var prompt = Some.Messages("");
        Assert.Equal(DecodeState.Complete, prompt.State);
        Assert.Equal(ApiForm.Bodyless, prompt.Api);
    }

    [Fact]
    public void Readable_text_inside_a_compressed_body_is_a_part()
    {
        // Brotli skips metadata blocks (RFC 7932 §9.2); their bytes stand in the stream as they are.
        byte[] coded = [0x0c, 0x13, .. "a secret that no brotli decoder will ever show"u8, 0x03];
        var request = Some.Request("api.openai.com", "/v1/responses", coded, "POST", ("Content-Encoding", "br"));
        var prompt = new RequestDecoder().Decode(request, "{}"u8.ToArray(), null);
        Assert.Equal("a secret that no brotli decoder will ever show", prompt.At("coded").Text);
    }

    [Theory]
    [InlineData("/v1/messages/")]
    [InlineData("/v1%2Fmessages")]
    [InlineData("/v1/../v1/messages")]
    public void A_path_that_only_looks_like_an_endpoint_is_generic(string path)
    {
        var prompt = Some.Decode(Some.Request("api.anthropic.com", path, """{"model":"m","messages":[]}"""u8.ToArray()));
        Assert.Equal(DecodeState.Partial, prompt.State);
        Assert.Equal(ApiForm.GenericJson, prompt.Api);
        Assert.Null(prompt.Endpoint);
    }
}
