using System.Text.Json;
using LocalFirst.Guard.ModelHost.Engine;

namespace LocalFirst.Guard.ModelHost.Http;

/// <summary>Writes one answer in OpenAI's shapes.</summary>
/// <param name="isChat">Chat completions, else completions.</param>
/// <param name="model">The model's name.</param>
/// <param name="generation">The running request.</param>
internal sealed class CompletionAnswer(bool isChat, string model, Generation generation)
{
    private readonly string _id = (isChat ? "chatcmpl-" : "cmpl-") + Guid.NewGuid().ToString("N");
    private readonly long _created = DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    /// <summary>The running request.</summary>
    public Generation Generation => generation;

    /// <summary>The whole answer as one object.</summary>
    public void WriteWhole(Utf8JsonWriter json, string text, string reason)
    {
        Open(json, isChat ? "chat.completion" : "text_completion");
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", 0);
        if (isChat)
        {
            json.WriteStartObject("message");
            json.WriteString("role", "assistant");
            json.WriteString("content", text);
            json.WriteEndObject();
        }
        else
        {
            json.WriteString("text", text);
        }

        json.WriteString("finish_reason", reason);
        json.WriteEndObject();
        json.WriteEndArray();
        WriteUsage(json);
        json.WriteEndObject();
    }

    /// <summary>The first event of a stream, which names the speaker.</summary>
    public void WriteFirst(Utf8JsonWriter json) => WriteDelta(json, "", null, first: true);

    /// <summary>One event of a stream.</summary>
    public void WriteDelta(Utf8JsonWriter json, string? text, string? reason) => WriteDelta(json, text, reason, first: false);

    /// <summary>The last event of a stream that asked for usage: no choices, only numbers.</summary>
    public void WriteUsageEvent(Utf8JsonWriter json)
    {
        Open(json, isChat ? "chat.completion.chunk" : "text_completion");
        json.WriteStartArray("choices");
        json.WriteEndArray();
        WriteUsage(json);
        json.WriteEndObject();
    }

    private void WriteDelta(Utf8JsonWriter json, string? text, string? reason, bool first)
    {
        Open(json, isChat ? "chat.completion.chunk" : "text_completion");
        json.WriteStartArray("choices");
        json.WriteStartObject();
        json.WriteNumber("index", 0);
        if (isChat)
        {
            json.WriteStartObject("delta");
            if (first)
            {
                json.WriteString("role", "assistant");
            }

            if (text is not null)
            {
                json.WriteString("content", text);
            }

            json.WriteEndObject();
        }
        else
        {
            json.WriteString("text", text ?? "");
        }

        if (reason is null)
        {
            json.WriteNull("finish_reason");
        }
        else
        {
            json.WriteString("finish_reason", reason);
        }

        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void Open(Utf8JsonWriter json, string kind)
    {
        json.WriteStartObject();
        json.WriteString("id", _id);
        json.WriteString("object", kind);
        json.WriteNumber("created", _created);
        json.WriteString("model", model);
    }

    private void WriteUsage(Utf8JsonWriter json)
    {
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", generation.Prompt.Length);
        json.WriteNumber("completion_tokens", generation.OutputTokens);
        json.WriteNumber("total_tokens", generation.Prompt.Length + generation.OutputTokens);
        json.WriteEndObject();
    }
}
