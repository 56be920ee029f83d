using System.Runtime.CompilerServices;
using System.Text.Json;

namespace LocalFirst.Guard.Protocols;

/// <summary>
/// Anthropic messages ("Streaming messages" at docs.anthropic.com): message_start, one text block, message_delta, message_stop. Usage is always there: without it Claude
/// Code's first probe fails.
/// </summary>
internal sealed class MessagesEncoder(Func<Exception, string> describeFailure) : IAnswerEncoder
{
    public string Api => ApiForm.AnthropicMessages;

    public string StreamContentType => WireJson.EventStream;

    public async IAsyncEnumerable<ReadOnlyMemory<byte>> EncodeStreamAsync(
        Prompt prompt, IAsyncEnumerable<AnswerEvent> events, [EnumeratorCancellation] CancellationToken cancellation)
    {
        yield return Named("message_start", json =>
        {
            json.WriteStartObject("message");
            // The executor's count comes with the end only; until then the estimate stands.
            WriteMessage(json, prompt, null, null, prompt.TokenEstimate, 0);
            json.WriteEndObject();
        });
        yield return Named("content_block_start", json =>
        {
            json.WriteNumber("index", 0);
            json.WriteStartObject("content_block");
            json.WriteString("type", "text");
            json.WriteString("text", "");
            json.WriteEndObject();
        });
        yield return Named("ping", _ => { });
        await foreach (var step in AnswerSource.ReadAsync(events, describeFailure, cancellation))
        {
            switch (step)
            {
                case AnswerStep.Text text:
                    yield return Named("content_block_delta", json =>
                    {
                        json.WriteNumber("index", 0);
                        json.WriteStartObject("delta");
                        json.WriteString("type", "text_delta");
                        json.WriteString("text", text.Value);
                        json.WriteEndObject();
                    });
                    break;
                case AnswerStep.Done done:
                    yield return Named("content_block_stop", json => json.WriteNumber("index", 0));
                    yield return Named("message_delta", json =>
                    {
                        json.WriteStartObject("delta");
                        json.WriteString("stop_reason", Reason(done.End.Reason));
                        json.WriteNull("stop_sequence");
                        json.WriteEndObject();
                        WriteUsage(json, done.End.InputTokens, done.End.OutputTokens);
                    });
                    yield return Named("message_stop", _ => { });
                    break;
                case AnswerStep.Failed failed:
                    yield return Named("error", json => WriteError(json, failed.Message));
                    break;
            }
        }
    }

    public EncodedAnswer Encode(Prompt prompt, string text, AnswerEvent.Done done) =>
        WireJson.Answer(200, json => WriteMessage(json, prompt, AnswerSource.Clean(text), Reason(done.Reason), done.InputTokens, done.OutputTokens));

    private static ReadOnlyMemory<byte> Named(string name, Action<Utf8JsonWriter> members) => WireJson.Event(name, json =>
    {
        json.WriteString("type", name);
        members(json);
    });

    private static void WriteMessage(Utf8JsonWriter json, Prompt prompt, string? text, string? stopReason, int inputTokens, int outputTokens)
    {
        json.WriteString("id", WireJson.NewId("msg_"));
        json.WriteString("type", "message");
        json.WriteString("role", "assistant");
        json.WriteString("model", prompt.RequestedModel ?? "");
        json.WriteStartArray("content");
        if (text is not null)
        {
            json.WriteStartObject();
            json.WriteString("type", "text");
            json.WriteString("text", text);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("stop_reason", stopReason);
        json.WriteNull("stop_sequence");
        WriteUsage(json, inputTokens, outputTokens);
    }

    private static void WriteUsage(Utf8JsonWriter json, int inputTokens, int outputTokens)
    {
        json.WriteStartObject("usage");
        json.WriteNumber("input_tokens", inputTokens);
        json.WriteNumber("cache_creation_input_tokens", 0);
        json.WriteNumber("cache_read_input_tokens", 0);
        json.WriteNumber("output_tokens", outputTokens);
        json.WriteEndObject();
    }

    private static void WriteError(Utf8JsonWriter json, string message)
    {
        json.WriteStartObject("error");
        json.WriteString("type", "api_error");
        json.WriteString("message", AnswerSource.Clean(message));
        json.WriteEndObject();
    }

    private static string Reason(StopReason reason) => reason switch
    {
        StopReason.MaxTokens => "max_tokens",
        StopReason.StopSequence => "stop_sequence",
        _ => "end_turn",
    };
}
