using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using LocalFirst.Guard.ModelHost.Chat;
using LocalFirst.Guard.ModelHost.Engine;
using LocalFirst.Guard.ModelHost.Llama;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace LocalFirst.Guard.ModelHost.Http;

/// <summary>The host's HTTP: health, the model list, chat completions and raw completions in OpenAI's shapes. Every request needs the token.</summary>
internal sealed class HostEndpoints(InferenceEngine engine, ChatTemplate template, HostFacts facts, string token)
{
    private readonly byte[] _authorization = SHA256.HashData(Encoding.UTF8.GetBytes("Bearer " + token));

    /// <summary>Answers one request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        if (!IsAuthorized(context.Request))
        {
            await ErrorAsync(context, 401, "invalid_api_key", "The access token is missing or wrong.");
            return;
        }

        switch (context.Request.Method, context.Request.Path.Value)
        {
            case ("GET", "/health"):
                await JsonAsync(context, 200, WriteHealth);
                break;
            case ("GET", "/v1/models"):
                await JsonAsync(context, 200, WriteModels);
                break;
            case ("POST", "/v1/chat/completions"):
                await CompleteAsync(context, isChat: true);
                break;
            case ("POST", "/v1/completions"):
                await CompleteAsync(context, isChat: false);
                break;
            default:
                await ErrorAsync(context, 404, "not_found", "This host serves /health, /v1/models, /v1/chat/completions and /v1/completions.");
                break;
        }
    }

    private bool IsAuthorized(HttpRequest request) =>
        CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(request.Headers.Authorization.ToString())), _authorization);

    private async Task CompleteAsync(HttpContext context, bool isChat)
    {
        try
        {
            using var body = await JsonDocument.ParseAsync(context.Request.Body, new JsonDocumentOptions { MaxDepth = 64 }, context.RequestAborted);
            var request = CompletionRequest.Parse(body.RootElement, isChat);
            var prompt = engine.Tokenize(isChat ? template.Render(request.Turns) : [new PromptSegment(request.RawPrompt!, false)]);
            var stops = isChat ? [.. template.Stops, .. request.Stops] : request.Stops;
            var generation = engine.Submit(prompt, request.MaxTokens, request.Sampling, stops, context.RequestAborted);
            if (generation is null)
            {
                await ErrorAsync(context, 503, "busy", "The local model has too many requests waiting. Try again in a moment.");
                return;
            }

            var answer = new CompletionAnswer(isChat, facts.Model, generation);
            await (request.Stream ? StreamAsync(context, answer, request.IncludeUsage) : WholeAsync(context, answer));
        }
        catch (JsonException)
        {
            await ErrorAsync(context, 400, "invalid_request_error", "The body is not JSON.");
        }
        catch (BadRequestException e)
        {
            await ErrorAsync(context, 400, "invalid_request_error", e.Message);
        }
        catch (BadHttpRequestException e)
        {
            await ErrorAsync(context, e.StatusCode, "invalid_request_error", "The request could not be read.");
        }
        catch (ContextOverflowException e)
        {
            await ErrorAsync(context, 400, "context_length_exceeded", e.Message);
        }
        catch (LlamaException e)
        {
            await ErrorAsync(context, 500, "engine_error", e.Message);
        }
        catch (OperationCanceledException)
        {
            context.Abort();
        }
    }

    private static async Task WholeAsync(HttpContext context, CompletionAnswer answer)
    {
        var text = new StringBuilder();
        var reason = "stop";
        await foreach (var part in answer.Generation.ReadAsync(context.RequestAborted))
        {
            text.Append(part.Text);
            reason = part.FinishReason ?? reason;
        }

        await JsonAsync(context, 200, json => answer.WriteWhole(json, text.ToString(), reason));
    }

    private static async Task StreamAsync(HttpContext context, CompletionAnswer answer, bool includeUsage)
    {
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();

        // The head goes out before the prompt is computed, so that the broker can tell a long prefill from a dead host.
        await context.Response.StartAsync(context.RequestAborted);
        await EventAsync(context, answer.WriteFirst);
        try
        {
            await foreach (var part in answer.Generation.ReadAsync(context.RequestAborted))
            {
                await EventAsync(context, json => answer.WriteDelta(json, part.Text, part.FinishReason));
            }

            if (includeUsage)
            {
                await EventAsync(context, answer.WriteUsageEvent);
            }
        }
        catch (LlamaException e)
        {
            await EventAsync(context, json => WriteError(json, "engine_error", e.Message));
            return;
        }

        await context.Response.WriteAsync("data: [DONE]\n\n", context.RequestAborted);
    }

    private static async Task EventAsync(HttpContext context, Action<Utf8JsonWriter> write)
    {
        var output = context.Response.BodyWriter;
        output.Write("data: "u8);
        using (var json = new Utf8JsonWriter(output))
        {
            write(json);
        }

        output.Write("\n\n"u8);
        await output.FlushAsync(context.RequestAborted);
    }

    private static Task ErrorAsync(HttpContext context, int status, string code, string message) =>
        context.Response.HasStarted ? Task.CompletedTask : JsonAsync(context, status, json => WriteError(json, code, message));

    private static async Task JsonAsync(HttpContext context, int status, Action<Utf8JsonWriter> write)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        using (var json = new Utf8JsonWriter(context.Response.BodyWriter))
        {
            write(json);
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    private static void WriteError(Utf8JsonWriter json, string code, string message)
    {
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteString("message", message);
        json.WriteString("type", code);
        json.WriteString("code", code);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void WriteHealth(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("status", "ok");
        json.WriteString("model", facts.Model);
        json.WriteString("description", facts.Description);
        json.WriteString("llama_version", facts.LlamaVersion);
        json.WriteString("device", facts.Device);
        json.WriteString("device_kind", facts.IsGpu ? "GPU" : "CPU");
        json.WriteNumber("context_size", facts.ContextSize);
        json.WriteString("chat_family", template.Family.ToString());
        json.WritePropertyName("confinement");
        facts.Confinement.Write(json);
        json.WriteEndObject();
    }

    private void WriteModels(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        json.WriteStartObject();
        json.WriteString("id", facts.Model);
        json.WriteString("object", "model");
        json.WriteString("owned_by", "local");
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
