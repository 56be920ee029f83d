using System.Buffers;

namespace LocalFirst.Guard.Protocols;

/// <summary>Why a body could not be content-decoded.</summary>
public enum ContentFailure
{
    /// <summary>It could.</summary>
    None,

    /// <summary>A coding that is not known here.</summary>
    UnknownCoding,

    /// <summary>Bytes that the coding does not allow, or bytes outside of the coded content.</summary>
    Corrupt,

    /// <summary>More output than the cap allows.</summary>
    TooLarge,
}

/// <summary>
/// A content-decoded request body, or the reason why there is none. Its buffer is rented and is cleared when it goes back, so that
/// no prompt text stays in the pool: dispose it when the exchange is over, and keep no reference to <see cref="Bytes"/> after.
/// </summary>
public sealed class DecodedBody : IDisposable
{
    private byte[]? _rented;

    internal DecodedBody(ReadOnlyMemory<byte> bytes, byte[]? rented)
    {
        Bytes = bytes;
        _rented = rented;
    }

    internal DecodedBody(ContentFailure kind, string failure)
    {
        Kind = kind;
        Failure = failure;
    }

    /// <summary>The decoded bytes; empty after a failure and after <see cref="Dispose"/>. Without a coding it is the caller's own memory.</summary>
    public ReadOnlyMemory<byte> Bytes { get; private set; }

    /// <summary>What kind of failure it was.</summary>
    public ContentFailure Kind { get; }

    /// <summary>Why it could not be decoded, as a sentence without any byte of the body; null when it could.</summary>
    public string? Failure { get; }

    /// <summary>Clears the buffer and gives it back.</summary>
    public void Dispose()
    {
        Bytes = default;
        if (Interlocked.Exchange(ref _rented, null) is { } buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }
}
