using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace LocalFirst.Guard.Protocols;

/// <summary>
/// OpenAI responses ("Streaming events" in the API reference): named events with a rising <c>sequence_number</c>, no <c>[DONE]</c>. Codex reads the
/// text from <c>response.output_item.done</c>, the SDKs from the deltas, so both are always there.
/// </summary>
internal sealed class ResponsesEncoder(Func<Exception, string> describeFailure, TimeProvider clock) : IAnswerEncoder
{
    public string Api => ApiForm.OpenAiResponses;

    public string StreamContentType => WireJson.EventStream;

    public async IAsyncEnumerable<ReadOnlyMemory<byte>> EncodeStreamAsync(
        Prompt prompt, IAsyncEnumerable<AnswerEvent> events, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var head = NewHead(prompt);
        var sequence = 0;
        if (!prompt.Generates)
        {
            // A warm-up: created and completed, with no output in between.
            yield return Named("response.created", sequence++, json => WriteResponse(json, head, "in_progress", null, null));
            yield return Named("response.completed", sequence, json => WriteResponse(json, head, "completed", null, null));
            yield break;
        }

        yield return Named("response.created", sequence++, json => WriteResponse(json, head, "in_progress", null, null));
        yield return Named("response.in_progress", sequence++, json => WriteResponse(json, head, "in_progress", null, null));
        yield return Named("response.output_item.added", sequence++, json =>
        {
            json.WriteNumber("output_index", 0);
            json.WritePropertyName("item");
            WriteMessage(json, head, "in_progress", null);
        });
        yield return Named("response.content_part.added", sequence++, json => WritePart(json, head, "part", ""));

        var written = new StringBuilder();
        await foreach (var step in AnswerSource.ReadAsync(events, describeFailure, cancellation))
        {
            switch (step)
            {
                case AnswerStep.Text text:
                    written.Append(text.Value);
                    yield return Named("response.output_text.delta", sequence++, json =>
                    {
                        WriteAddress(json, head);
                        json.WriteString("delta", text.Value);
                        json.WriteStartArray("logprobs");
                        json.WriteEndArray();
                    });
                    break;
                case AnswerStep.Done done:
                    yield return Named("response.output_text.done", sequence++, json =>
                    {
                        WriteAddress(json, head);
                        json.WriteString("text", done.WholeText);
                        json.WriteStartArray("logprobs");
                        json.WriteEndArray();
                    });
                    yield return Named("response.content_part.done", sequence++, json => WritePart(json, head, "part", done.WholeText));
                    var status = Status(done.End);
                    yield return Named("response.output_item.done", sequence++, json =>
                    {
                        json.WriteNumber("output_index", 0);
                        json.WritePropertyName("item");
                        WriteMessage(json, head, status, done.WholeText);
                    });
                    yield return Named("response." + status, sequence++, json => WriteResponse(json, head, status, done.WholeText, done.End));
                    break;
                case AnswerStep.Failed failed:
                    yield return Named("response.failed", sequence++, json => WriteResponse(json, head, "failed", written.ToString(), null, failed.Message));
                    break;
            }
        }
    }

    public EncodedAnswer Encode(Prompt prompt, string text, AnswerEvent.Done done)
    {
        var head = NewHead(prompt);
        return WireJson.Answer(200, json => WriteMembers(json, head, Status(done), AnswerSource.Clean(text), done, null));
    }

    private Head NewHead(Prompt prompt) =>
        new(WireJson.NewId("resp_"), WireJson.NewId("msg_"), clock.GetUtcNow().ToUnixTimeSeconds(), prompt.RequestedModel ?? "", prompt.MaxAnswerTokens);

    private static string Status(AnswerEvent.Done done) => done.Reason == StopReason.MaxTokens ? "incomplete" : "completed";

    private static ReadOnlyMemory<byte> Named(string name, int sequence, Action<Utf8JsonWriter> members) => WireJson.Event(name, json =>
    {
        json.WriteString("type", name);
        json.WriteNumber("sequence_number", sequence);
        members(json);
    });

    private static void WriteAddress(Utf8JsonWriter json, Head head)
    {
        json.WriteString("item_id", head.MessageId);
        json.WriteNumber("output_index", 0);
        json.WriteNumber("content_index", 0);
    }

    private static void WritePart(Utf8JsonWriter json, Head head, string name, string text)
    {
        WriteAddress(json, head);
        json.WritePropertyName(name);
        WriteText(json, text);
    }

    private static void WriteText(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject();
        json.WriteString("type", "output_text");
        json.WriteString("text", text);
        json.WriteStartArray("annotations");
        json.WriteEndArray();
        json.WriteStartArray("logprobs");
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteMessage(Utf8JsonWriter json, Head head, string status, string? text)
    {
        json.WriteStartObject();
        json.WriteString("id", head.MessageId);
        json.WriteString("type", "message");
        json.WriteString("status", status);
        json.WriteString("role", "assistant");
        json.WriteStartArray("content");
        if (text is not null)
        {
            WriteText(json, text);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteResponse(Utf8JsonWriter json, Head head, string status, string? text, AnswerEvent.Done? done, string? failure = null)
    {
        json.WriteStartObject("response");
        WriteMembers(json, head, status, text, done, failure);
        json.WriteEndObject();
    }

    private static void WriteMembers(Utf8JsonWriter json, Head head, string status, string? text, AnswerEvent.Done? done, string? failure)
    {
        json.WriteString("id", head.ResponseId);
        json.WriteString("object", "response");
        json.WriteNumber("created_at", head.Created);
        json.WriteString("status", status);
        json.WriteBoolean("background", false);
        if (failure is null)
        {
            json.WriteNull("error");
        }
        else
        {
            json.WriteStartObject("error");
            json.WriteString("code", "server_error");
            json.WriteString("message", AnswerSource.Clean(failure));
            json.WriteEndObject();
        }

        if (status == "incomplete")
        {
            json.WriteStartObject("incomplete_details");
            json.WriteString("reason", "max_output_tokens");
            json.WriteEndObject();
        }
        else
        {
            json.WriteNull("incomplete_details");
        }

        json.WriteNull("instructions");
        if (head.MaxOutputTokens is { } bound)
        {
            json.WriteNumber("max_output_tokens", bound);
        }
        else
        {
            json.WriteNull("max_output_tokens");
        }

        json.WriteString("model", head.Model);
        json.WriteStartArray("output");
        if (!string.IsNullOrEmpty(text) || done is not null)
        {
            WriteMessage(json, head, status == "completed" ? "completed" : "incomplete", text);
        }

        json.WriteEndArray();
        json.WriteBoolean("parallel_tool_calls", true);
        json.WriteNull("previous_response_id");
        json.WriteBoolean("store", false);
        json.WriteString("tool_choice", "auto");
        json.WriteStartArray("tools");
        json.WriteEndArray();
        WriteUsage(json, done);
        json.WriteStartObject("metadata");
        json.WriteEndObject();
    }

    private static void WriteUsage(Utf8JsonWriter json, AnswerEvent.Done? done)
    {
        if (done is null)
        {
            json.WriteNull("usage");
            return;
        }

        json.WriteStartObject("usage");
        json.WriteNumber("input_tokens", done.InputTokens);
        json.WriteStartObject("input_tokens_details");
        json.WriteNumber("cached_tokens", 0);
        json.WriteEndObject();
        json.WriteNumber("output_tokens", done.OutputTokens);
        json.WriteStartObject("output_tokens_details");
        json.WriteNumber("reasoning_tokens", 0);
        json.WriteEndObject();
        json.WriteNumber("total_tokens", done.InputTokens + done.OutputTokens);
        json.WriteEndObject();
    }

    private sealed record Head(string ResponseId, string MessageId, long Created, string Model, int? MaxOutputTokens);
}
