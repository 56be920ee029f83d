using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Exchanges;

/// <summary>How a forward ended.</summary>
/// <param name="Status">HTTP status that went to the client; 0 when none did.</param>
/// <param name="BytesOut">Body bytes written towards the provider.</param>
/// <param name="BytesIn">Answer body bytes written to the client.</param>
/// <param name="Failure">Set when it failed: what the client is to be told if its answer has not begun.</param>
/// <param name="ErrorClass">A short class for the record, for example <c>tls-untrusted-root</c>; null on success.</param>
/// <param name="Cancelled">True when the client went away.</param>
public sealed record ForwardResult(int Status, long BytesOut, long BytesIn, Refusal? Failure = null, string? ErrorClass = null, bool Cancelled = false);

/// <summary>The way to the provider. There is no other.</summary>
public interface IUpstream
{
    /// <summary>Sends what the decision holds and streams the answer to the client as it comes.</summary>
    /// <param name="decision">A durable decision to allow.</param>
    /// <param name="cancellation">Cancels the exchange at the provider too.</param>
    Task<ForwardResult> ForwardAsync(RecordedDecision decision, CancellationToken cancellation);
}

/// <summary>The client's side of an exchange, for what the broker itself answers.</summary>
public interface IClientResponse
{
    /// <summary>True once status and headers went out.</summary>
    bool HasStarted { get; }

    /// <summary>Sends status and headers.</summary>
    /// <param name="status">HTTP status.</param>
    /// <param name="contentType">Content-Type.</param>
    /// <param name="headers">Further headers.</param>
    /// <param name="cancellation">Stops it.</param>
    Task StartAsync(int status, string contentType, IReadOnlyList<HeaderField> headers, CancellationToken cancellation);

    /// <summary>Sends and flushes a piece of the body.</summary>
    /// <param name="bytes">The piece.</param>
    /// <param name="cancellation">Stops it.</param>
    Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation);

    /// <summary>Ends the answer, so that the client need not wait for the outcome record.</summary>
    Task CompleteAsync();

    /// <summary>Cuts the connection: the client must see that an answer is not whole.</summary>
    void Abort();
}
