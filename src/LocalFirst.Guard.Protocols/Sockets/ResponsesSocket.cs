using System.Text.Json;

namespace LocalFirst.Guard.Protocols;

/// <summary>
/// OpenAI responses over a WebSocket ("WebSocket mode" of the Responses API): a client's text messages are <c>response.create</c>, whole or as a
/// delta on an earlier response, the provider's are the events of the stream, one a message.
/// </summary>
public static class ResponsesSocket
{
    /// <summary>The <c>type</c> of a message that asks for an answer.</summary>
    public const string Create = "response.create";

    /// <summary>
    /// The code that clients answer with the whole conversation in place of a delta: OpenAI sends it when a connection has lost the earlier answer.
    /// </summary>
    public const string PreviousResponseNotFound = "previous_response_not_found";

    // A provider's event above this is text that the client asked for again, not an id: what it would issue stays unknown.
    private const int LargestEventRead = 8 * 1024 * 1024;

    /// <summary>What a client's message says of itself at its top level; nothing when it is no JSON object.</summary>
    /// <param name="message">The message.</param>
    public static ClientMessageHead ReadHead(ReadOnlyMemory<byte> message)
    {
        string? type = null;
        var continues = false;
        try
        {
            var reader = new Utf8JsonReader(message.Span);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return default;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isType = reader.ValueTextEquals("type"u8);
                var isPrevious = reader.ValueTextEquals("previous_response_id"u8);
                reader.Read();
                if (isType)
                {
                    type = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
                }

                continues |= isPrevious && reader.TokenType == JsonTokenType.String;
                reader.Skip();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The decoder says what is wrong with it.
        }

        return new ClientMessageHead(type, continues);
    }

    /// <summary>Reads an event of the provider: what it issues, and whether it ends an answer.</summary>
    /// <param name="message">The whole message.</param>
    /// <param name="issued">Called with each opaque value that the provider issues by it.</param>
    /// <returns>True when no more events of this answer follow.</returns>
    public static bool ReadEvent(ReadOnlyMemory<byte> message, Action<string> issued)
    {
        ArgumentNullException.ThrowIfNull(issued);

        // Most events are pieces of text; they hold none of these.
        if (message.Length > LargestEventRead || !MayMatter(message.Span))
        {
            return false;
        }

        try
        {
            using var document = JsonDocument.Parse(message);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                return false;
            }

            if (Member(root, "response") is { } response)
            {
                Issue(response, "id", issued);
                if (Member(response, "conversation") is { } conversation)
                {
                    Issue(conversation, "id", issued);
                }

                if (response.TryGetProperty("output", out var output) && output.ValueKind == JsonValueKind.Array)
                {
                    foreach (var item in output.EnumerateArray())
                    {
                        IssueItem(item, issued);
                    }
                }
            }

            if (Member(root, "item") is { } single)
            {
                IssueItem(single, issued);
            }

            return root.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String
                && type.GetString() is "response.completed" or "response.failed" or "response.incomplete" or "response.cancelled" or "error";
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>
    /// An error as one message. The SDKs read the code and the text at its top level, Codex the status and the <c>error</c> object ("error" event of the
    /// API reference; observed on Codex 0.169).
    /// </summary>
    /// <param name="answer">The error as it would be answered over HTTP.</param>
    public static ReadOnlyMemory<byte> Error(EncodedAnswer answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        using var document = JsonDocument.Parse(answer.Body);
        var error = Member(document.RootElement, "error");
        var text = error is { } known ? Text(known, "message") : null;
        var kind = error is { } typed ? Text(typed, "type") : null;
        var code = error is { } coded ? Text(coded, "code") : null;
        return WireJson.Object(json =>
        {
            json.WriteString("type", "error");
            json.WriteNumber("status", answer.Status);
            json.WriteStartObject("error");
            Write(json, kind ?? "invalid_request_error", code, text);
            json.WriteEndObject();
            json.WriteString("code", code);
            json.WriteString("message", text);
            json.WriteNull("param");
            json.WriteNumber("sequence_number", 0);
        });
    }

    /// <summary>The messages in a piece of an event stream as <see cref="IAnswerEncoder.EncodeStreamAsync"/> writes it: the data of each whole event.</summary>
    /// <param name="events">One or more whole events.</param>
    public static IEnumerable<ReadOnlyMemory<byte>> MessagesOf(ReadOnlyMemory<byte> events)
    {
        while (!events.IsEmpty)
        {
            var end = events.Span.IndexOf((byte)'\n');
            var line = end < 0 ? events : events[..end];
            events = end < 0 ? default : events[(end + 1)..];
            if (line.Span.StartsWith("data: "u8))
            {
                yield return line["data: "u8.Length..];
            }
        }
    }

    private static void Write(Utf8JsonWriter json, string kind, string? code, string? text)
    {
        json.WriteString("type", kind);
        json.WriteString("code", code);
        json.WriteString("message", text);
        json.WriteNull("param");
    }

    private static bool MayMatter(ReadOnlySpan<byte> message) =>
        message.IndexOf("\"response\""u8) >= 0 || message.IndexOf("\"item\""u8) >= 0 || message.IndexOf("\"error\""u8) >= 0;

    private static void IssueItem(JsonElement item, Action<string> issued)
    {
        if (item.ValueKind == JsonValueKind.Object)
        {
            Issue(item, "id", issued);
            Issue(item, "encrypted_content", issued);
            Issue(item, "container_id", issued);
        }
    }

    private static void Issue(JsonElement holder, string name, Action<string> issued)
    {
        if (Text(holder, name) is { Length: > 0 } value)
        {
            issued(value);
        }
    }

    private static string? Text(JsonElement holder, string name) =>
        holder.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static JsonElement? Member(JsonElement holder, string name) =>
        holder.ValueKind == JsonValueKind.Object && holder.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;
}

/// <summary>What a client's message says of itself.</summary>
/// <param name="Type">Its <c>type</c>; null when it names none.</param>
/// <param name="Continues">Whether it is a delta on an earlier response.</param>
public readonly record struct ClientMessageHead(string? Type, bool Continues)
{
    /// <summary>Whether it asks for an answer.</summary>
    public bool IsCreate => Type == ResponsesSocket.Create;
}
