using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace LocalFirst.Guard.EndToEnd.Provider;

/// <summary>The fixed answer of the fake provider, in each wire form, streaming and not (sequences: the providers' API references).</summary>
internal static class ProviderAnswers
{
    /// <summary>The pieces of the answer, one event each on a stream.</summary>
    public static readonly IReadOnlyList<string> Pieces = ["The far ", "provider ", "answers ", "in four pieces."];

    public static readonly string Text = string.Concat(Pieces);

    private const int PromptTokens = 11;
    private const int AnswerTokens = 7;

    /// <summary>The answer as the messages of a WebSocket, one event each; the pieces of its text are marked.</summary>
    /// <param name="request">The client's <c>response.create</c>.</param>
    /// <param name="id">Id of the response.</param>
    public static IEnumerable<(string Message, bool IsPiece)> SocketMessages(JsonElement request, string id)
    {
        var model = request.TryGetProperty("model", out var asked) ? asked.GetString()! : "fake";
        if (request.TryGetProperty("generate", out var generate) && generate.ValueKind == JsonValueKind.False)
        {
            var number = 0;
            return new[] { ("response.created", "in_progress"), ("response.completed", "completed") }.Select(step =>
            {
                var response = Response(model, step.Item2, null);
                response["id"] = id;
                return (new JsonObject { ["type"] = step.Item1, ["sequence_number"] = number++, ["response"] = response }.ToJsonString(), false);
            });
        }

        return ResponseEvents(model).Select(e => (e.Data.Replace("\"resp_fake\"", $"\"{id}\"", StringComparison.Ordinal), e.IsPiece));
    }

    /// <summary>Answers the request, or 404 when the path is none of a provider's.</summary>
    public static Task AnswerAsync(HttpContext context, ReceivedRequest request, AnswerPace? pace) => (request.Method, request.Path) switch
    {
        ("POST", "/v1/chat/completions") => IsStream(request) ? StreamAsync(context, ChatEvents(ModelOf(request), IncludesUsage(request)), pace) : JsonAsync(context, Chat(ModelOf(request))),
        ("POST", "/v1/responses") => IsStream(request) ? StreamAsync(context, ResponseEvents(ModelOf(request)), pace) : JsonAsync(context, Response(ModelOf(request), "completed", Message("completed"))),
        ("POST", "/v1/messages") => IsStream(request) ? StreamAsync(context, MessageEvents(ModelOf(request)), pace) : JsonAsync(context, AnthropicMessage(ModelOf(request), "end_turn", Text)),
        ("POST", "/v1/messages/count_tokens") => JsonAsync(context, new JsonObject { ["input_tokens"] = PromptTokens }),
        ("POST", "/v1/embeddings") => JsonAsync(context, new JsonObject { ["object"] = "list", ["data"] = new JsonArray() }),
        ("GET", "/v1/models") => JsonAsync(context, new JsonObject { ["object"] = "list", ["data"] = new JsonArray() }),
        _ => NotFoundAsync(context),
    };

    private static async Task JsonAsync(HttpContext context, JsonNode body)
    {
        context.Response.ContentType = "application/json";
        context.Response.Headers["request-id"] = "req_fake";
        await context.Response.WriteAsync(body.ToJsonString(), context.RequestAborted);
    }

    private static Task NotFoundAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private static async Task StreamAsync(HttpContext context, IEnumerable<StreamEvent> events, AnswerPace? pace)
    {
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers["request-id"] = "req_fake";
        var first = true;
        foreach (var item in events)
        {
            if (item.IsPiece && !first && pace is not null)
            {
                await pace.WaitAsync(context.RequestAborted);
            }

            first = first && !item.IsPiece;
            var name = item.Name is null ? "" : $"event: {item.Name}\n";
            await context.Response.WriteAsync($"{name}data: {item.Data}\n\n", context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }

    private static IEnumerable<StreamEvent> ChatEvents(string model, bool usage)
    {
        yield return Data(ChatChunk(model, new JsonObject { ["role"] = "assistant", ["content"] = "" }, null));
        foreach (var piece in Pieces)
        {
            yield return Data(ChatChunk(model, new JsonObject { ["content"] = piece }, null)) with { IsPiece = true };
        }

        yield return Data(ChatChunk(model, [], "stop"));
        if (usage)
        {
            var last = ChatChunk(model, [], null);
            last["choices"] = new JsonArray();
            last["usage"] = ChatUsage();
            yield return Data(last);
        }

        yield return new StreamEvent(null, "[DONE]");
    }

    private static JsonObject ChatChunk(string model, JsonObject delta, string? finish) => new()
    {
        ["id"] = "chatcmpl-fake",
        ["object"] = "chat.completion.chunk",
        ["created"] = 1_800_000_000,
        ["model"] = model,
        ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["delta"] = delta, ["finish_reason"] = finish }),
    };

    private static JsonObject Chat(string model) => new()
    {
        ["id"] = "chatcmpl-fake",
        ["object"] = "chat.completion",
        ["created"] = 1_800_000_000,
        ["model"] = model,
        ["choices"] = new JsonArray(new JsonObject
        {
            ["index"] = 0,
            ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = Text },
            ["finish_reason"] = "stop",
        }),
        ["usage"] = ChatUsage(),
    };

    private static JsonObject ChatUsage() => new()
    {
        ["prompt_tokens"] = PromptTokens,
        ["completion_tokens"] = AnswerTokens,
        ["total_tokens"] = PromptTokens + AnswerTokens,
    };

    private static IEnumerable<StreamEvent> ResponseEvents(string model)
    {
        var number = 0;
        StreamEvent Next(string type, JsonObject fields)
        {
            fields["type"] = type;
            fields["sequence_number"] = number++;
            return new StreamEvent(type, fields.ToJsonString());
        }

        yield return Next("response.created", new JsonObject { ["response"] = Response(model, "in_progress", null) });
        yield return Next("response.in_progress", new JsonObject { ["response"] = Response(model, "in_progress", null) });
        var empty = Message("in_progress");
        empty["content"] = new JsonArray();
        yield return Next("response.output_item.added", new JsonObject { ["output_index"] = 0, ["item"] = empty });
        yield return Next("response.content_part.added", OfPart(new JsonObject { ["part"] = TextPart("") }));
        foreach (var piece in Pieces)
        {
            yield return Next("response.output_text.delta", OfPart(new JsonObject { ["delta"] = piece, ["logprobs"] = new JsonArray() })) with { IsPiece = true };
        }

        yield return Next("response.output_text.done", OfPart(new JsonObject { ["text"] = Text, ["logprobs"] = new JsonArray() }));
        yield return Next("response.content_part.done", OfPart(new JsonObject { ["part"] = TextPart(Text) }));
        yield return Next("response.output_item.done", new JsonObject { ["output_index"] = 0, ["item"] = Message("completed") });
        yield return Next("response.completed", new JsonObject { ["response"] = Response(model, "completed", Message("completed")) });
    }

    private static JsonObject OfPart(JsonObject fields)
    {
        fields["item_id"] = "msg_fake";
        fields["output_index"] = 0;
        fields["content_index"] = 0;
        return fields;
    }

    private static JsonObject TextPart(string text) => new() { ["type"] = "output_text", ["text"] = text, ["annotations"] = new JsonArray() };

    private static JsonObject Message(string status) => new()
    {
        ["id"] = "msg_fake",
        ["type"] = "message",
        ["role"] = "assistant",
        ["status"] = status,
        ["content"] = new JsonArray(TextPart(Text)),
    };

    private static JsonObject Response(string model, string status, JsonObject? item)
    {
        var response = new JsonObject
        {
            ["id"] = "resp_fake",
            ["object"] = "response",
            ["created_at"] = 1_800_000_000,
            ["status"] = status,
            ["model"] = model,
            ["output"] = item is null ? new JsonArray() : new JsonArray(item),
            ["error"] = null,
            ["incomplete_details"] = null,
            ["parallel_tool_calls"] = true,
            ["tool_choice"] = "auto",
            ["tools"] = new JsonArray(),
        };
        if (item is not null)
        {
            response["usage"] = new JsonObject
            {
                ["input_tokens"] = PromptTokens,
                ["input_tokens_details"] = new JsonObject { ["cached_tokens"] = 0 },
                ["output_tokens"] = AnswerTokens,
                ["output_tokens_details"] = new JsonObject { ["reasoning_tokens"] = 0 },
                ["total_tokens"] = PromptTokens + AnswerTokens,
            };
        }

        return response;
    }

    private static IEnumerable<StreamEvent> MessageEvents(string model)
    {
        var start = AnthropicMessage(model, null, null);
        yield return Named("message_start", new JsonObject { ["message"] = start });
        yield return Named("content_block_start", new JsonObject { ["index"] = 0, ["content_block"] = new JsonObject { ["type"] = "text", ["text"] = "" } });
        yield return Named("ping", []);
        foreach (var piece in Pieces)
        {
            yield return Named("content_block_delta", new JsonObject { ["index"] = 0, ["delta"] = new JsonObject { ["type"] = "text_delta", ["text"] = piece } }) with { IsPiece = true };
        }

        yield return Named("content_block_stop", new JsonObject { ["index"] = 0 });
        yield return Named("message_delta", new JsonObject
        {
            ["delta"] = new JsonObject { ["stop_reason"] = "end_turn", ["stop_sequence"] = null },
            ["usage"] = new JsonObject { ["output_tokens"] = AnswerTokens },
        });
        yield return Named("message_stop", []);
    }

    private static JsonObject AnthropicMessage(string model, string? stop, string? text) => new()
    {
        ["id"] = "msg_fake",
        ["type"] = "message",
        ["role"] = "assistant",
        ["model"] = model,
        ["content"] = text is null ? new JsonArray() : new JsonArray(new JsonObject { ["type"] = "text", ["text"] = text }),
        ["stop_reason"] = stop,
        ["stop_sequence"] = null,
        ["usage"] = new JsonObject
        {
            ["input_tokens"] = PromptTokens,
            ["cache_creation_input_tokens"] = 0,
            ["cache_read_input_tokens"] = 0,
            ["output_tokens"] = text is null ? 1 : AnswerTokens,
        },
    };

    private static StreamEvent Data(JsonObject data) => new(null, data.ToJsonString());

    private static StreamEvent Named(string type, JsonObject fields)
    {
        fields["type"] = type;
        return new StreamEvent(type, fields.ToJsonString());
    }

    private static bool IsStream(ReceivedRequest request) => Field(request, "stream") is { ValueKind: JsonValueKind.True };

    private static string ModelOf(ReceivedRequest request) => Field(request, "model") is { ValueKind: JsonValueKind.String } model ? model.GetString()! : "fake";

    private static bool IncludesUsage(ReceivedRequest request) =>
        Field(request, "stream_options") is { ValueKind: JsonValueKind.Object } options
        && options.TryGetProperty("include_usage", out var include)
        && include.ValueKind == JsonValueKind.True;

    private static JsonElement? Field(ReceivedRequest request, string name)
    {
        try
        {
            using var body = JsonDocument.Parse(request.Body);
            return body.RootElement.ValueKind == JsonValueKind.Object && body.RootElement.TryGetProperty(name, out var value) ? value.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <param name="Name">Event name, or null for a data-only stream.</param>
    /// <param name="Data">One line.</param>
    private sealed record StreamEvent(string? Name, string Data)
    {
        public bool IsPiece { get; init; }
    }
}
