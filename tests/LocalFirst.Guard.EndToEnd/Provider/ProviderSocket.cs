using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace LocalFirst.Guard.EndToEnd.Provider;

/// <summary>One message as the provider got it.</summary>
/// <param name="Bytes">Its bytes, fragments and compression undone.</param>
/// <param name="IsBinary">Whether it came as binary.</param>
internal sealed record ReceivedMessage(byte[] Bytes, bool IsBinary)
{
    public string Text => Encoding.UTF8.GetString(Bytes);
}

/// <summary>A WebSocket at the provider: keeps every message and answers each <c>response.create</c> with the events of the usual answer.</summary>
internal sealed class ProviderSocket(ReceivedRequest request)
{
    private readonly ConcurrentQueue<ReceivedMessage> _messages = new();
    private readonly TaskCompletionSource<(int Code, string Reason)> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _cut = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebSocket? _socket;
    private HttpContext? _context;
    private int _answers;

    /// <summary>The request that opened it.</summary>
    public ReceivedRequest Request { get; } = request;

    /// <summary>Every message received so far.</summary>
    public IReadOnlyList<ReceivedMessage> Messages => [.. _messages];

    /// <summary>How the peer closed it.</summary>
    public Task<(int Code, string Reason)> Closed => _closed.Task;

    /// <summary>Ends when the peer is gone without a close.</summary>
    public Task Cut => _cut.Task;

    public bool HasSeen(string text) =>
        Request.Headers.Any(h => h.Value.Contains(text, StringComparison.Ordinal)) || _messages.Any(m => m.Bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0);

    /// <summary>Closes from the provider's side.</summary>
    public Task CloseAsync(int code, string reason) => _socket!.CloseOutputAsync((WebSocketCloseStatus)code, reason, Bounded.Test);

    /// <summary>Cuts the connection.</summary>
    public void Abort() => _context!.Abort();

    public async Task ServeAsync(HttpContext context, AnswerPace? pace)
    {
        _context = context;
        context.Response.Headers["x-provider-note"] = "of the upgrade";
        using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
        {
            DangerousEnableCompression = true,
            SubProtocol = context.WebSockets.WebSocketRequestedProtocols.FirstOrDefault(),
        });
        _socket = socket;
        var buffer = new byte[64 * 1024];
        var whole = new MemoryStream();
        try
        {
            while (true)
            {
                var received = await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    _closed.TrySetResult(((int)(socket.CloseStatus ?? WebSocketCloseStatus.Empty), socket.CloseStatusDescription ?? ""));
                    if (socket.State == WebSocketState.CloseReceived)
                    {
                        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", context.RequestAborted);
                    }

                    return;
                }

                whole.Write(buffer, 0, received.Count);
                if (received.EndOfMessage)
                {
                    var message = new ReceivedMessage(whole.ToArray(), received.MessageType == WebSocketMessageType.Binary);
                    whole.SetLength(0);
                    _messages.Enqueue(message);
                    await AnswerAsync(socket, message, pace, context.RequestAborted);
                }
            }
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException)
        {
            _cut.TrySetResult();
        }
    }

    private async Task AnswerAsync(WebSocket socket, ReceivedMessage message, AnswerPace? pace, CancellationToken cancellation)
    {
        var asked = JsonElement.Parse(message.Bytes);
        if (asked.GetProperty("type").GetString() != "response.create")
        {
            return;
        }

        var first = true;
        foreach (var (text, isPiece) in ProviderAnswers.SocketMessages(asked, $"resp_fake{++_answers}"))
        {
            if (isPiece && !first && pace is not null)
            {
                await pace.WaitAsync(cancellation);
            }

            first = first && !isPiece;
            await socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, cancellation);
        }
    }
}
