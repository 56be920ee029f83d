namespace LocalFirst.Guard.Exchanges;

/// <summary>How a side closed a WebSocket.</summary>
/// <param name="Code">The close code of RFC 6455 §7.4; 1000 where the side named none.</param>
/// <param name="Reason">Its reason; empty where it gave none.</param>
public readonly record struct StreamClose(int Code, string Reason)
{
    /// <summary>The purpose of the connection is fulfilled.</summary>
    public const int Normal = 1000;

    /// <summary>An endpoint goes away.</summary>
    public const int GoingAway = 1001;

    /// <summary>A message breaks the endpoint's policy.</summary>
    public const int PolicyViolation = 1008;

    /// <summary>A message is too big to process.</summary>
    public const int MessageTooBig = 1009;

    /// <summary>The server is overloaded for now (IANA's WebSocket close code registry).</summary>
    public const int TryAgainLater = 1013;
}

/// <summary>A piece of a message, or the end of the stream.</summary>
/// <param name="Count">Bytes received.</param>
/// <param name="IsBinary">Whether the message is binary; text otherwise.</param>
/// <param name="IsLast">Whether the message ends with this piece.</param>
/// <param name="Close">Set when the side closes; nothing was received then.</param>
public readonly record struct StreamPiece(int Count, bool IsBinary, bool IsLast, StreamClose? Close);

/// <summary>One side of a WebSocket. Receiving and sending may run at the same time, each by one caller.</summary>
public interface IStreamEnd
{
    /// <summary>Receives the next piece of a message.</summary>
    /// <param name="into">Where its bytes go.</param>
    /// <param name="cancellation">Cuts the connection.</param>
    /// <exception cref="IOException">The side is gone, or broke the protocol.</exception>
    ValueTask<StreamPiece> ReceiveAsync(Memory<byte> into, CancellationToken cancellation);

    /// <summary>Tells the side that the stream ends. Does not wait for its answer. Does nothing when it was told already.</summary>
    /// <param name="close">Code and reason.</param>
    /// <param name="cancellation">Cuts the connection.</param>
    Task CloseAsync(StreamClose close, CancellationToken cancellation);

    /// <summary>Cuts the connection.</summary>
    void Abort();
}

/// <summary>The client's side of a stream.</summary>
public interface IClientEnd : IStreamEnd
{
    /// <summary>Sends a piece of a message.</summary>
    /// <param name="bytes">The piece.</param>
    /// <param name="isBinary">Whether the message is binary.</param>
    /// <param name="isLast">Whether the message ends with it.</param>
    /// <param name="cancellation">Cuts the connection.</param>
    /// <exception cref="IOException">The client is gone.</exception>
    ValueTask SendAsync(ReadOnlyMemory<byte> bytes, bool isBinary, bool isLast, CancellationToken cancellation);
}

/// <summary>The provider's side of a stream. Nothing but a recorded decision can be sent.</summary>
public interface IUpstreamEnd : IStreamEnd
{
    /// <summary>Sends one whole message: the body that the decision owns.</summary>
    /// <param name="decision">A durable decision to allow this very message on this very stream.</param>
    /// <param name="isBinary">Whether it is a binary message, as it was received.</param>
    /// <param name="cancellation">Cuts the connection.</param>
    /// <exception cref="IOException">The provider is gone.</exception>
    /// <exception cref="InvalidOperationException">The decision is not to allow, was used before, or is on another stream.</exception>
    ValueTask SendAsync(RecordedDecision decision, bool isBinary, CancellationToken cancellation);
}
