using System.Runtime.CompilerServices;
using System.Text.Json;

namespace LocalFirst.Guard.Protocols;

/// <summary>
/// OpenAI chat completions ("The chat completion chunk object" in the API reference): role chunk, content chunks, a chunk with the finish reason,
/// a usage chunk if asked for, <c>[DONE]</c>.
/// </summary>
internal sealed class ChatCompletionsEncoder(Func<Exception, string> describeFailure, TimeProvider clock) : IAnswerEncoder
{
    public string Api => ApiForm.OpenAiChat;

    public string StreamContentType => WireJson.EventStream;

    public async IAsyncEnumerable<ReadOnlyMemory<byte>> EncodeStreamAsync(
        Prompt prompt, IAsyncEnumerable<AnswerEvent> events, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var head = new Head(WireJson.NewId("chatcmpl-"), clock.GetUtcNow().ToUnixTimeSeconds(), prompt.RequestedModel ?? "", prompt.IncludeUsage);
        yield return Chunk(head, json =>
        {
            json.WriteString("role", "assistant");
            json.WriteString("content", "");
        });
        await foreach (var step in AnswerSource.ReadAsync(events, describeFailure, cancellation))
        {
            switch (step)
            {
                case AnswerStep.Text text:
                    yield return Chunk(head, json => json.WriteString("content", text.Value));
                    break;
                case AnswerStep.Done done:
                    yield return Chunk(head, _ => { }, FinishReason(done.End.Reason));
                    if (prompt.IncludeUsage)
                    {
                        yield return WireJson.Event(null, json =>
                        {
                            WriteHead(json, head, "chat.completion.chunk");
                            json.WriteStartArray("choices");
                            json.WriteEndArray();
                            WriteUsage(json, done.End);
                        });
                    }

                    yield return "data: [DONE]\n\n"u8.ToArray();
                    break;
                case AnswerStep.Failed failed:
                    // The SDKs raise an error for a chunk that has an error member; no [DONE] follows it.
                    yield return WireJson.Event(null, json => RefusalEncoder.WriteOpenAi(json, new Refusal(500, failed.Message, "local_model_failed")));
                    break;
            }
        }
    }

    public EncodedAnswer Encode(Prompt prompt, string text, AnswerEvent.Done done)
    {
        var head = new Head(WireJson.NewId("chatcmpl-"), clock.GetUtcNow().ToUnixTimeSeconds(), prompt.RequestedModel ?? "", IncludeUsage: false);
        return WireJson.Answer(200, json =>
        {
            WriteHead(json, head, "chat.completion");
            json.WriteStartArray("choices");
            json.WriteStartObject();
            json.WriteNumber("index", 0);
            json.WriteStartObject("message");
            json.WriteString("role", "assistant");
            json.WriteString("content", AnswerSource.Clean(text));
            json.WriteNull("refusal");
            json.WriteEndObject();
            json.WriteNull("logprobs");
            json.WriteString("finish_reason", FinishReason(done.Reason));
            json.WriteEndObject();
            json.WriteEndArray();
            WriteUsage(json, done);
        });
    }

    private static ReadOnlyMemory<byte> Chunk(Head head, Action<Utf8JsonWriter> delta, string? finishReason = null) => WireJson.Event(null, json =>
    {
        WriteHead(json, head, "chat.completion.chunk");
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", 0);
        json.WriteStartObject("delta");
        delta(json);
        json.WriteEndObject();
        json.WriteNull("logprobs");
        json.WriteString("finish_reason", finishReason);
        json.WriteEndObject();
        json.WriteEndArray();
        if (head.IncludeUsage)
        {
            // With include_usage every chunk but the last has a null usage.
            json.WriteNull("usage");
        }
    });

    private static void WriteHead(Utf8JsonWriter json, Head head, string kind)
    {
        json.WriteString("id", head.Id);
        json.WriteString("object", kind);
        json.WriteNumber("created", head.Created);
        json.WriteString("model", head.Model);
    }

    private static void WriteUsage(Utf8JsonWriter json, AnswerEvent.Done done)
    {
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", done.InputTokens);
        json.WriteNumber("completion_tokens", done.OutputTokens);
        json.WriteNumber("total_tokens", done.InputTokens + done.OutputTokens);
        json.WriteEndObject();
    }

    private static string FinishReason(StopReason reason) => reason == StopReason.MaxTokens ? "length" : "stop";

    private sealed record Head(string Id, long Created, string Model, bool IncludeUsage);
}
