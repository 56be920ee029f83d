using System.Buffers;
using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Exchanges;

/// <summary>
/// What the broker itself answers to a message, as messages: each event of a local answer is one, and a refusal is one error. To an answer over HTTP it
/// looks like any client.
/// </summary>
/// <param name="client">Sends whole messages to the client.</param>
/// <param name="stop">Stops the answer.</param>
internal sealed class EventMessages(ClientMessages client, CancellationTokenSource stop) : IClientResponse
{
    private readonly ArrayBufferWriter<byte> _body = new();
    private int _status;
    private bool _isEvents;
    private string _contentType = "";

    public bool HasStarted => _status != 0;

    public Task StartAsync(int status, string contentType, IReadOnlyList<HeaderField> headers, CancellationToken cancellation)
    {
        StopIfClosing();
        _status = status;
        _contentType = contentType;
        _isEvents = contentType.StartsWith("text/event-stream", StringComparison.Ordinal);
        return Task.CompletedTask;
    }

    public async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        if (!_isEvents)
        {
            _body.Write(bytes.Span);
            return;
        }

        foreach (var message in ResponsesSocket.MessagesOf(bytes))
        {
            StopIfClosing();
            await client.SendAsync(message, cancellation);
        }
    }

    public async Task CompleteAsync()
    {
        if (_isEvents || _body.WrittenCount == 0)
        {
            return;
        }

        await client.SendAsync(ResponsesSocket.Error(new EncodedAnswer(_status, _contentType, _body.WrittenMemory)), CancellationToken.None);
        _body.Clear();
    }

    public void Abort() => client.Abort();

    /// <summary>A client that is closing reads no answer: what would be generated for it is not.</summary>
    private void StopIfClosing()
    {
        if (client.IsClosing)
        {
            stop.Cancel();
            stop.Token.ThrowIfCancellationRequested();
        }
    }
}
