using System.Text.Json;
using LocalFirst.Guard.ModelHost.Chat;
using LocalFirst.Guard.ModelHost.Engine;

namespace LocalFirst.Guard.ModelHost.Http;

/// <summary>A request body that cannot be served. The message quotes nothing of it.</summary>
/// <param name="message">What is wrong with it.</param>
internal sealed class BadRequestException(string message) : Exception(message);

/// <summary>The fields that this host reads from OpenAI's chat completions and completions requests (API reference, November 2026).</summary>
/// <param name="Turns">The conversation; empty for a raw completion.</param>
/// <param name="RawPrompt">The text to continue, for a raw completion.</param>
/// <param name="MaxTokens">Most answer tokens.</param>
/// <param name="Sampling">How tokens are chosen; greedy unless the request names a temperature.</param>
/// <param name="Stops">Texts that end the answer, at most four.</param>
/// <param name="Stream">Whether events are wanted.</param>
/// <param name="IncludeUsage">Whether the stream ends with a usage event.</param>
internal sealed record CompletionRequest(
    IReadOnlyList<ChatTurn> Turns,
    string? RawPrompt,
    int? MaxTokens,
    Sampling Sampling,
    IReadOnlyList<string> Stops,
    bool Stream,
    bool IncludeUsage)
{
    /// <summary>Reads a body.</summary>
    /// <param name="root">Its JSON.</param>
    /// <param name="isChat">Chat completions, else completions.</param>
    /// <exception cref="BadRequestException">A field is missing or of the wrong kind.</exception>
    public static CompletionRequest Parse(JsonElement root, bool isChat)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new BadRequestException("The body must be a JSON object.");
        }

        var maxTokens = Integer(root, "max_completion_tokens") ?? Integer(root, "max_tokens");
        if (maxTokens < 1)
        {
            throw new BadRequestException("max_tokens must be 1 or more.");
        }

        return new CompletionRequest(
            isChat ? TurnsOf(root) : [],
            isChat ? null : Text(root, "prompt") ?? throw new BadRequestException("prompt must be a string."),
            maxTokens,
            new Sampling(Number(root, "temperature", 0, 2) ?? 0, Number(root, "top_p", 0, 1) ?? 1, Integer(root, "seed")),
            StopsOf(root),
            Flag(root, "stream"),
            root.TryGetProperty("stream_options", out var options) && options.ValueKind == JsonValueKind.Object && Flag(options, "include_usage"));
    }

    private static List<ChatTurn> TurnsOf(JsonElement root)
    {
        if (!root.TryGetProperty("messages", out var messages) || messages.ValueKind != JsonValueKind.Array || messages.GetArrayLength() == 0)
        {
            throw new BadRequestException("messages must be a list with at least one message.");
        }

        var turns = new List<ChatTurn>(messages.GetArrayLength());
        foreach (var message in messages.EnumerateArray())
        {
            if (message.ValueKind != JsonValueKind.Object)
            {
                throw new BadRequestException("Each message must be an object.");
            }

            // The role becomes text of the template, where control tokens count: only known words get there.
            var role = Text(message, "role") switch
            {
                "system" or "developer" => "system",
                "user" => "user",
                "assistant" => "assistant",
                "tool" or "function" => "tool",
                _ => throw new BadRequestException("A message's role must be system, user, assistant or tool."),
            };
            turns.Add(new ChatTurn(role, ContentOf(message)));
        }

        return turns;
    }

    private static string ContentOf(JsonElement message)
    {
        if (!message.TryGetProperty("content", out var content) || content.ValueKind == JsonValueKind.Null)
        {
            return "";
        }

        return content.ValueKind switch
        {
            JsonValueKind.String => content.GetString()!,
            JsonValueKind.Array => string.Concat(content.EnumerateArray().Select(part =>
                (part.ValueKind == JsonValueKind.Object ? Text(part, "text") : null) ?? throw new BadRequestException("Only text content can be read by this model."))),
            _ => throw new BadRequestException("A message's content must be text."),
        };
    }

    private static List<string> StopsOf(JsonElement root)
    {
        if (!root.TryGetProperty("stop", out var stop) || stop.ValueKind == JsonValueKind.Null)
        {
            return [];
        }

        var stops = stop.ValueKind switch
        {
            JsonValueKind.String => [stop.GetString()!],
            JsonValueKind.Array => stop.EnumerateArray().Select(s => s.ValueKind == JsonValueKind.String ? s.GetString()! : "").ToList(),
            _ => [""],
        };
        return stops.Count <= 4 && stops.All(s => s.Length is > 0 and <= 1000)
            ? stops
            : throw new BadRequestException("stop must be one to four texts of 1 to 1000 characters.");
    }

    private static string? Text(JsonElement o, string name) =>
        o.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool Flag(JsonElement o, string name) => o.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    private static int? Integer(JsonElement o, string name)
    {
        if (!o.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number)
            ? number
            : throw new BadRequestException($"{name} must be a whole number.");
    }

    private static double? Number(JsonElement o, string name, double min, double max)
    {
        if (!o.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= min && number <= max
            ? number
            : throw new BadRequestException($"{name} must be a number from {min} to {max}.");
    }
}
