namespace LocalFirst.Guard.Protocols;

/// <summary>Writes a local answer in one API's own wire form.</summary>
public interface IAnswerEncoder
{
    /// <summary>The API form it serves: one of <see cref="ApiForm"/>.</summary>
    string Api { get; }

    /// <summary>Content-Type of the streamed form.</summary>
    string StreamContentType { get; }

    /// <summary>
    /// Encodes a stream. Each element is one or more whole wire events and is to be flushed at once. When
    /// <paramref name="events"/> throws, the error is encoded as the API's error event and the stream ends.
    /// </summary>
    /// <param name="prompt">The request that is answered.</param>
    /// <param name="events">Text events closed by one <see cref="AnswerEvent.Done"/>.</param>
    /// <param name="cancellation">Ends the encoding.</param>
    IAsyncEnumerable<ReadOnlyMemory<byte>> EncodeStreamAsync(Prompt prompt, IAsyncEnumerable<AnswerEvent> events, CancellationToken cancellation);

    /// <summary>Encodes a whole answer, not streamed.</summary>
    /// <param name="prompt">The request that is answered.</param>
    /// <param name="text">The whole text.</param>
    /// <param name="done">How it ended.</param>
    EncodedAnswer Encode(Prompt prompt, string text, AnswerEvent.Done done);
}
