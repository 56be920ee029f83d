using System.Text.Json;
using LocalFirst.Guard.Protocols;
using Xunit;

namespace LocalFirst.Guard.Conformance.Protocols;

/// <summary>What real clients sent, decoded. The captures stay in their own folder; only their shapes are asserted on.</summary>
public sealed class ClientCaptureTests
{
    private static readonly RequestDecoder Decoder = new();

    [Fact]
    public void Every_captured_request_to_a_known_endpoint_is_understood_and_no_text_of_it_is_lost()
    {
        var known = 0;
        foreach (var capture in ClientCaptures.Posts())
        {
            var prompt = Decoder.Decode(capture.Request, capture.Request.Body, null);
            var texts = prompt.Parts.Select(part => part.Text).ToHashSet(StringComparer.Ordinal);
            Assert.All(Strings(capture.Body), text => Assert.True(texts.Contains(text) || IsBulkOfAFile(text), $"{capture.Name}: a string of {text.Length} characters is no part"));
            if (prompt.Endpoint is null)
            {
                Assert.NotEqual(DecodeState.Complete, prompt.State);
                continue;
            }

            known++;
            Assert.True(prompt.State is DecodeState.Complete or DecodeState.UninspectablePart, $"{capture.Name}: {prompt.State}, {prompt.StateReason}");
            Assert.Equal(capture.Body.GetProperty("model").GetString(), prompt.RequestedModel);
            Assert.Equal(capture.Body.TryGetProperty("stream", out var stream) && stream.GetBoolean(), prompt.Stream);
            Assert.NotEmpty(prompt.Conversation);
            Assert.NotEqual(0, prompt.TokenEstimate);
        }

        Assert.True(known >= 60, $"only {known} requests to known endpoints");
    }

    [Fact]
    public void Agents_state_their_session_and_their_requests_are_complete()
    {
        var agents = 0;
        foreach (var capture in ClientCaptures.Posts().Where(capture => capture.Client is "claude-code" or "codex"))
        {
            agents++;
            var prompt = Decoder.Decode(capture.Request, capture.Request.Body, null);
            Assert.Equal(DecodeState.Complete, prompt.State);
            Assert.False(string.IsNullOrEmpty(prompt.SessionKey), capture.Name);
            Assert.Null(prompt.Untranslatable);
            Assert.Contains(prompt.Parts, part => part.Provenance == Provenance.Human);
            Assert.Equal(capture.Client, ClientCatalogue.LoadBuiltIn().Identify(capture.Request.Headers));
            Assert.All(
                prompt.Parts.Where(part => part.Provenance == Provenance.ToolOutput && part.Place.Pointer.EndsWith("content", StringComparison.Ordinal)),
                part => Assert.True(part.Origin is { Tool: not null, CallId: not null }, $"{capture.Name}: {part.Place.Pointer}"));
        }

        Assert.True(agents >= 40, $"only {agents} requests of agents");
    }

    private static bool IsBulkOfAFile(string text) =>
        text.Length > 1024 && text[(text.IndexOf(',', StringComparison.Ordinal) + 1)..].All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '/' or '=');

    private static IEnumerable<string> Strings(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String when element.GetString() is { Length: > 0 } text => [text],
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Strings),
        JsonValueKind.Object => element.EnumerateObject().SelectMany(member => Strings(member.Value)),
        _ => [],
    };
}
