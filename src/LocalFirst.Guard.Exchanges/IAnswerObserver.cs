namespace LocalFirst.Guard.Exchanges;

/// <summary>
/// Watches a provider's answer on its way to the client. It gets each piece after the client did, changes nothing, must not keep the memory, and must
/// not throw.
/// </summary>
public interface IAnswerObserver
{
    /// <summary>Called once, before the first piece.</summary>
    /// <param name="status">HTTP status of the answer.</param>
    /// <param name="contentType">Content-Type; null when there is none.</param>
    /// <param name="contentEncoding">Content-Encoding, all fields joined by a comma; null when there is none.</param>
    void Begin(int status, string? contentType, string? contentEncoding);

    /// <summary>Called for each piece of the body, in order, as the provider coded it.</summary>
    /// <param name="piece">The bytes; valid during the call.</param>
    void Observe(ReadOnlySpan<byte> piece);
}
