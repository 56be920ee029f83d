namespace LocalFirst.Guard.Exchanges;

/// <summary>
/// Sends to the client whole messages from two sources, the provider and the broker, without mixing their pieces. The provider's pieces go on as they come.
/// </summary>
/// <param name="client">The client.</param>
/// <param name="cancellation">Set when the stream is over.</param>
internal sealed class ClientMessages(IClientEnd client, CancellationToken cancellation) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private volatile bool _ending;

    /// <summary>The client has said that it closes: it reads no answer any more.</summary>
    public bool IsClosing { get; private set; }

    /// <summary>The client has said that it closes.</summary>
    public void NoteClosing() => IsClosing = true;

    /// <summary>The stream ends: how the client is told is no matter of single messages any more.</summary>
    public void NoteEnding() => _ending = true;

    /// <summary>Sends a message of the broker's own.</summary>
    /// <param name="text">The message.</param>
    /// <param name="stop">Stops it.</param>
    public async Task SendAsync(ReadOnlyMemory<byte> text, CancellationToken stop)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation, stop);
        await _turn.WaitAsync(both.Token);
        try
        {
            await client.SendAsync(text, isBinary: false, isLast: true, both.Token);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Waits for the turn of a message of the provider's; <see cref="EndOfMessage"/> gives it on.</summary>
    public Task BeginMessageAsync() => _turn.WaitAsync(cancellation);

    /// <summary>Sends a piece of the message that has its turn.</summary>
    /// <param name="bytes">The piece.</param>
    /// <param name="isBinary">Whether it is binary.</param>
    /// <param name="isLast">Whether it is the last piece.</param>
    public ValueTask SendPieceAsync(ReadOnlyMemory<byte> bytes, bool isBinary, bool isLast) => client.SendAsync(bytes, isBinary, isLast, cancellation);

    /// <summary>The message that had its turn is over.</summary>
    public void EndOfMessage() => _turn.Release();

    /// <summary>Cuts the connection, unless it is being closed.</summary>
    public void Abort()
    {
        if (!_ending && !IsClosing)
        {
            client.Abort();
        }
    }

    public void Dispose() => _turn.Dispose();
}
