using System.Net.WebSockets;
using LocalFirst.Guard.Exchanges;

namespace LocalFirst.Guard.Interception.WebSockets;

/// <summary>One side of a stream over a <see cref="WebSocket"/>, which undoes fragments, masks and compression and answers pings by itself.</summary>
internal abstract class SocketEnd(WebSocket socket) : IStreamEnd, IDisposable
{
    private readonly SemaphoreSlim _sending = new(1, 1);
    private bool _closed;

    public async ValueTask<StreamPiece> ReceiveAsync(Memory<byte> into, CancellationToken cancellation)
    {
        try
        {
            var received = await socket.ReceiveAsync(into, cancellation);
            return received.MessageType == WebSocketMessageType.Close
                ? new StreamPiece(0, false, true, new StreamClose(CodeOf(socket.CloseStatus), socket.CloseStatusDescription ?? ""))
                : new StreamPiece(received.Count, received.MessageType == WebSocketMessageType.Binary, received.EndOfMessage, null);
        }
        catch (Exception e) when (IsGone(e))
        {
            throw new IOException("The side is gone or broke the protocol.", e);
        }
    }

    public async Task CloseAsync(StreamClose close, CancellationToken cancellation)
    {
        await _sending.WaitAsync(cancellation);
        try
        {
            if (!_closed && socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                _closed = true;
                await socket.CloseOutputAsync((WebSocketCloseStatus)close.Code, close.Reason, cancellation);
            }
        }
        catch (Exception e) when (IsGone(e))
        {
            throw new IOException("The side is gone.", e);
        }
        finally
        {
            _sending.Release();
        }
    }

    public void Abort() => socket.Abort();

    public void Dispose()
    {
        socket.Dispose();
        _sending.Dispose();
    }

    /// <summary>Sends a piece of a message.</summary>
    /// <exception cref="IOException">The side is gone, or is closed already.</exception>
    protected async ValueTask SendPieceAsync(ReadOnlyMemory<byte> bytes, bool isBinary, bool isLast, CancellationToken cancellation)
    {
        await _sending.WaitAsync(cancellation);
        try
        {
            if (_closed)
            {
                throw new IOException("The side is told already that the stream ends.");
            }

            await socket.SendAsync(bytes, isBinary ? WebSocketMessageType.Binary : WebSocketMessageType.Text, isLast, cancellation);
        }
        catch (Exception e) when (IsGone(e))
        {
            throw new IOException("The side is gone.", e);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>A close without a code stays one without a meaning; 1005 itself must not be sent (RFC 6455 §7.4.1).</summary>
    private static int CodeOf(WebSocketCloseStatus? status) => status is null or WebSocketCloseStatus.Empty ? StreamClose.Normal : (int)status;

    private static bool IsGone(Exception e) => e is WebSocketException or ObjectDisposedException or InvalidOperationException or IOException;
}

/// <summary>The client's side.</summary>
internal sealed class ClientSocket(WebSocket socket) : SocketEnd(socket), IClientEnd
{
    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, bool isBinary, bool isLast, CancellationToken cancellation) =>
        SendPieceAsync(bytes, isBinary, isLast, cancellation);
}

/// <summary>The provider's side: sends what a recorded decision on this very stream owns, and nothing else.</summary>
internal sealed class UpstreamSocket(WebSocket socket, string host, int port, string rawTarget) : SocketEnd(socket), IUpstreamEnd
{
    public ValueTask SendAsync(RecordedDecision decision, bool isBinary, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(decision);
        if (decision.Host != host || decision.Port != port || decision.RawTarget != rawTarget)
        {
            throw new InvalidOperationException($"The decision on exchange {decision.Exchange} is on another stream.");
        }

        return SendPieceAsync(decision.ClaimBodyForForwarding(), isBinary, isLast: true, cancellation);
    }
}
