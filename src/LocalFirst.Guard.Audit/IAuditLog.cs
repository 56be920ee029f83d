namespace LocalFirst.Guard.Audit;

/// <summary>Where a record stands in the log.</summary>
/// <param name="Index">Leaf index in its epoch, from 0.</param>
/// <param name="LeafHash">RFC 6962 leaf hash, 32 bytes.</param>
/// <param name="Epoch">Epoch, from 1: a device's log begins a new one when the old one cannot be continued.</param>
public sealed record LogPosition(long Index, ReadOnlyMemory<byte> LeafHash, long Epoch = 1);

/// <summary>The verifiable log of this device.</summary>
public interface IAuditLog
{
    /// <summary>Appends a record. When the task completes the record is on disk (<c>synchronous=FULL</c>) under a signed checkpoint.</summary>
    /// <param name="record">The record.</param>
    /// <param name="cancellation">Stops waiting; the record may still be written.</param>
    /// <exception cref="AuditException">The record is not durable; nothing that depends on it may happen.</exception>
    Task<LogPosition> AppendAsync(AuditRecord record, CancellationToken cancellation = default);

    /// <summary>Keyed hash for records: HMAC-SHA-256 under the device's correlation key, first 16 bytes as lower-case hex.</summary>
    /// <param name="value">The value; not kept.</param>
    string Correlate(ReadOnlySpan<byte> value);
}

/// <summary>The log could not do what was asked. The message says what, where and what to do next.</summary>
public sealed class AuditException : Exception
{
    /// <summary>Creates it.</summary>
    /// <param name="message">What, where, what next.</param>
    public AuditException(string message)
        : base(message)
    {
    }

    /// <summary>Creates it with its cause.</summary>
    /// <param name="message">What, where, what next.</param>
    /// <param name="inner">The cause.</param>
    public AuditException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
