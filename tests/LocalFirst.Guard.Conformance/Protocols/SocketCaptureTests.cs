using System.IO.Compression;
using System.Text;
using System.Text.Json;
using LocalFirst.Guard.Exchanges;
using LocalFirst.Guard.Inspection;
using LocalFirst.Guard.Protocols;
using Xunit;

namespace LocalFirst.Guard.Conformance.Protocols;

/// <summary>What real agents sent in a row, as messages of one stream: nothing of it is a value that was split.</summary>
public sealed class SocketCaptureTests
{
    private static readonly ProviderEntry OpenAi = ProviderCatalogue.LoadBuiltIn().FindByHost("api.openai.com")!;
    private static readonly Inspector Inspector = Inspector.Create(new InspectionOptions());

    [Fact]
    public void Codex_s_messages_on_a_WebSocket_are_complete_and_complete_nothing_together()
    {
        var messages = Bodies("codex_ws.jsonl.gz", r => r.GetProperty("kind").GetString() == "ws-frame");
        var window = new StreamWindow();
        foreach (var message in messages)
        {
            Assert.True(ResponsesSocket.ReadHead(message).IsCreate);
            var prompt = Decode(message);
            Assert.Equal(DecodeState.Complete, prompt.State);
            Assert.True(prompt.Stream);
            AssertNothingCrosses(window, prompt);
        }

        Assert.False(Decode(messages[0]).Generates);
        Assert.All(messages.Skip(1), m => Assert.True(ResponsesSocket.ReadHead(m).Continues && Decode(m).Generates));
        Assert.True(messages.Count >= 3);
    }

    [Fact]
    public void Whole_conversations_that_are_sent_again_and_again_complete_nothing_together()
    {
        var count = 0;
        foreach (var file in Directory.GetFiles(TestData.FindFolder("clients"), "*.jsonl.gz").Order(StringComparer.Ordinal))
        {
            var window = new StreamWindow();
            foreach (var body in Bodies(Path.GetFileName(file), r => r.TryGetProperty("method", out var method) && method.GetString() == "POST"))
            {
                count++;
                AssertNothingCrosses(window, Decode(body));
            }
        }

        Assert.True(count >= 60, $"only {count} bodies");
    }

    private static void AssertNothingCrosses(StreamWindow window, Prompt prompt)
    {
        var looked = window.Look(prompt, new InspectedPrompt(prompt.State, prompt.StateReason, []), Inspector);
        window.Commit();

        // Rules only, in case it fails: the text is somebody's.
        Assert.Empty(looked.Findings.Select(f => $"{f.Finding.Rule} {f.Finding.Tier}"));
    }

    private static Prompt Decode(byte[] body) => new RequestDecoder(new EverythingIssued()).Decode(
        new WireRequest
        {
            Provider = OpenAi,
            Host = "api.openai.com",
            Method = WireRequest.MessageMethod,
            RawTarget = "/v1/responses",
            Headers = [],
            Body = body,
            StreamEndpoint = OpenAi.MatchWebSocket("/v1/responses"),
        },
        body,
        null);

    private static List<byte[]> Bodies(string file, Func<JsonElement, bool> isWanted)
    {
        var bodies = new List<byte[]>();
        using var reader = new StreamReader(new GZipStream(File.OpenRead(TestData.Find("clients/" + file)), CompressionMode.Decompress));
        while (reader.ReadLine() is { } line)
        {
            using var record = JsonDocument.Parse(line);
            if (isWanted(record.RootElement) && record.RootElement.TryGetProperty("body_json", out var body))
            {
                bodies.Add(Encoding.UTF8.GetBytes(body.GetRawText()));
            }
        }

        return bodies;
    }

    private sealed class EverythingIssued : IOpaqueLedger
    {
        public bool WasIssued(string provider, string value) => true;
    }
}
