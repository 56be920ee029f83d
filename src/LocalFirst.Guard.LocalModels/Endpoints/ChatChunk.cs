using System.Text.Json;

namespace LocalFirst.Guard.LocalModels.Endpoints;

/// <summary>What one event of a chat-completions stream says.</summary>
/// <param name="Text">Text to append, or null.</param>
/// <param name="FinishReason">Why the answer ended, or null.</param>
/// <param name="InputTokens">Tokens read, or null.</param>
/// <param name="OutputTokens">Tokens written, or null.</param>
/// <param name="ErrorCode">Code of an error event, or null.</param>
/// <param name="ErrorMessage">Message of an error event, or null.</param>
internal readonly record struct ChatChunk(string? Text, string? FinishReason, int? InputTokens, int? OutputTokens, string? ErrorCode, string? ErrorMessage)
{
    /// <summary>Reads the JSON of an event.</summary>
    /// <param name="data">The JSON.</param>
    /// <exception cref="JsonException">It is not JSON, or no object.</exception>
    public static ChatChunk Parse(string data)
    {
        using var json = JsonDocument.Parse(data, new JsonDocumentOptions { MaxDepth = 32 });
        var root = json.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException();
        }

        if (Object(root, "error") is { } error)
        {
            return new ChatChunk(null, null, null, null, String(error, "code") ?? "error", String(error, "message"));
        }

        string? text = null;
        string? finish = null;
        if (root.TryGetProperty("choices", out var choices) && choices.ValueKind == JsonValueKind.Array && choices.GetArrayLength() > 0 && choices[0].ValueKind == JsonValueKind.Object)
        {
            finish = String(choices[0], "finish_reason");
            text = Object(choices[0], "delta") is { } delta ? String(delta, "content") : null;
        }

        var usage = Object(root, "usage");
        return new ChatChunk(text, finish, usage is { } u ? Count(u, "prompt_tokens") : null, usage is { } v ? Count(v, "completion_tokens") : null, null, null);
    }

    private static JsonElement? Object(JsonElement o, string name) =>
        o.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;

    private static string? String(JsonElement o, string name) =>
        o.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static int? Count(JsonElement o, string name) =>
        o.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var count) && count >= 0 ? count : null;
}
