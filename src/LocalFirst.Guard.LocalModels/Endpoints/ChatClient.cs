using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.LocalModels.Endpoints;

/// <summary>Whom a <see cref="ChatClient"/> speaks to, for its messages.</summary>
/// <param name="Who">The subject of a sentence, for example <c>The model host</c>.</param>
/// <param name="Mend">What a person does when it fails.</param>
/// <param name="IsOwn">True for our own host, whose error messages quote nothing of a prompt and may be shown.</param>
internal sealed record ChatPeer(string Who, string Mend, bool IsOwn);

/// <summary>
/// Streams chat completions in OpenAI's form: from the model host over its socket, or from an endpoint that an operator named. Whatever the peer
/// does wrong becomes an <see cref="ExecutorException"/> that quotes nothing of prompt or answer.
/// </summary>
/// <param name="http">The client; its base address is set.</param>
/// <param name="model">The model's name in requests.</param>
/// <param name="peer">Whom it speaks to.</param>
/// <param name="idleLimit">Longest silence.</param>
internal sealed class ChatClient(HttpClient http, string model, ChatPeer peer, TimeSpan idleLimit)
{
    /// <summary>Longest event in bytes. One event carries a few tokens.</summary>
    public const int MaxEventBytes = 1 << 20;

    /// <summary>Longest answer in UTF-16 code units.</summary>
    public const int MaxAnswerLength = 16 << 20;

    /// <summary>Makes a client that goes where it is told and nowhere else: no proxy, no redirect, no cookie, no tracing header.</summary>
    /// <param name="connect">How to connect; null connects by TCP to the address of the request.</param>
    public static SocketsHttpHandler CreateHandler(Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>>? connect = null) => new()
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        ActivityHeadersPropagator = null,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        ConnectCallback = connect,
        MaxResponseHeadersLength = 32,
    };

    /// <summary>Answers. Text events closed by one <see cref="AnswerEvent.Done"/>.</summary>
    /// <param name="request">The conversation.</param>
    /// <param name="cancellation">Stops it; the peer sees the connection close.</param>
    /// <exception cref="ExecutorException">The peer failed.</exception>
    public async IAsyncEnumerable<AnswerEvent> CompleteAsync(ChatRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        // 1. Send; an error status ends here.
        using var idle = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        idle.CancelAfter(idleLimit);
        using var response = await SendAsync(request, idle.Token, cancellation);

        // 2. Read events until the end, passing text on at once.
        var stream = await response.Content.ReadAsStreamAsync(cancellation);
        using var lines = new BoundedLineReader(stream, MaxEventBytes);
        var length = 0;
        var (finish, inputTokens, outputTokens) = ((string?)null, (int?)null, (int?)null);
        while (await NextAsync(lines, idle.Token, cancellation) is { } chunk)
        {
            idle.CancelAfter(idleLimit);
            if (chunk.ErrorCode is not null)
            {
                throw Failure($"reported an error in the middle of its answer{Detail(chunk.ErrorMessage)}");
            }

            finish = chunk.FinishReason ?? finish;
            inputTokens = chunk.InputTokens ?? inputTokens;
            outputTokens = chunk.OutputTokens ?? outputTokens;
            if (!string.IsNullOrEmpty(chunk.Text))
            {
                length += chunk.Text.Length;
                if (length > MaxAnswerLength)
                {
                    throw Failure("sent an answer without end");
                }

                yield return new AnswerEvent.Text(chunk.Text);
            }
        }

        // 3. An answer without a reason for its end is half an answer.
        if (finish is null)
        {
            throw Failure("hung up in the middle of its answer");
        }

        // Where the peer counts nothing, four characters a token is the usual estimate.
        yield return new AnswerEvent.Done(
            finish == "length" ? StopReason.MaxTokens : StopReason.EndTurn,
            inputTokens ?? (request.Messages.Sum(m => m.Text.Length) + 3) / 4,
            outputTokens ?? (length + 3) / 4);
    }

    private async Task<HttpResponseMessage> SendAsync(ChatRequest request, CancellationToken idle, CancellationToken cancellation)
    {
        try
        {
            var message = new HttpRequestMessage(HttpMethod.Post, "v1/chat/completions") { Content = new ByteArrayContent(Body(request)) };
            message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            var response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, idle);
            if ((int)response.StatusCode == 200)
            {
                return response;
            }

            using (response)
            {
                throw await StatusFailureAsync(response, idle);
            }
        }
        catch (Exception e) when (IsFailure(e, cancellation))
        {
            throw Failure(Explain(e), e);
        }
    }

    private async ValueTask<ChatChunk?> NextAsync(BoundedLineReader lines, CancellationToken idle, CancellationToken cancellation)
    {
        try
        {
            while (await lines.ReadLineAsync(idle) is { } line)
            {
                // Server-sent events (HTML standard, section 9.2): comments, names and empty lines carry nothing here.
                if (!line.StartsWith("data:", StringComparison.Ordinal))
                {
                    continue;
                }

                var data = line[5..].Trim();
                return data == "[DONE]" ? null : ChatChunk.Parse(data);
            }

            return null;
        }
        catch (Exception e) when (IsFailure(e, cancellation))
        {
            throw Failure(Explain(e), e);
        }
    }

    private byte[] Body(ChatRequest request)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("model", model);
            json.WriteBoolean("stream", true);
            json.WriteStartObject("stream_options");
            json.WriteBoolean("include_usage", true);
            json.WriteEndObject();
            if (request.MaxTokens is { } max)
            {
                json.WriteNumber("max_tokens", max);
            }

            json.WriteStartArray("messages");
            foreach (var message in request.Messages)
            {
                json.WriteStartObject();

                // Without its call's id a tool message is refused by strict servers; a user turn says the same.
                json.WriteString("role", message.Role == "tool" && !peer.IsOwn ? "user" : message.Role);
                json.WriteString("content", message.Text);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    // Another server's error text may quote the prompt, so only its status is told.
    private async Task<ExecutorException> StatusFailureAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var status = (int)response.StatusCode;
        if (!peer.IsOwn)
        {
            return status switch
            {
                404 => Failure($"does not know the model {model} or the address (HTTP 404)"),
                401 or 403 => Failure($"wants a credential (HTTP {status})"),
                >= 300 and < 400 => Failure($"redirects elsewhere (HTTP {status}), which is not followed"),
                _ => Failure($"answered HTTP {status}"),
            };
        }

        using var lines = new BoundedLineReader(await response.Content.ReadAsStreamAsync(cancellation), 65_536);
        var error = ChatChunk.Parse(await lines.ReadLineAsync(cancellation) ?? "{}");
        return error.ErrorMessage is { } text ? new ExecutorException(text) : Failure($"answered HTTP {status}");
    }

    private static bool IsFailure(Exception e, CancellationToken cancellation) =>
        e is HttpRequestException or IOException or JsonException || (e is OperationCanceledException && !cancellation.IsCancellationRequested);

    private string Explain(Exception e) => e switch
    {
        LineTooLongException => "sent an event longer than is accepted",
        JsonException => "sent something that is not an OpenAI event stream",
        OperationCanceledException => $"was silent for {idleLimit.TotalSeconds:0} s",
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => "cannot be reached",
        _ => "hung up in the middle of its answer",
    };

    private string Detail(string? message) => peer.IsOwn && message is not null ? $": {message}" : "";

    private ExecutorException Failure(string what, Exception? inner = null)
    {
        var text = $"{peer.Who} {what}.\n  → {peer.Mend}";
        return inner is null ? new ExecutorException(text) : new ExecutorException(text, inner);
    }
}
