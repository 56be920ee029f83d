namespace LocalFirst.Guard.Audit;

/// <summary>
/// The records that an answer, a report or a page is made of: one device's own log, or all logs of a fleet. Whoever counts, counts over this, so that
/// portal, report and command line cannot tell different numbers.
/// </summary>
public interface IRecordSource
{
    /// <summary>Records whose time lies in a period, by device, epoch and leaf index.</summary>
    /// <param name="since">First instant that belongs to it.</param>
    /// <param name="until">First instant that does not.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <exception cref="AuditException">A log cannot be read.</exception>
    IAsyncEnumerable<SourcedRecord> ReadAsync(DateTimeOffset since, DateTimeOffset until, CancellationToken cancellation = default);

    /// <summary>Every log with its newest checkpoint, by device and epoch.</summary>
    /// <param name="cancellation">Stops reading.</param>
    /// <exception cref="AuditException">A log cannot be read.</exception>
    Task<IReadOnlyList<LogHead>> HeadsAsync(CancellationToken cancellation = default);

    /// <summary>The leaf hashes of one log, from leaf 0: what an inclusion proof is made of. Ends early where the log does.</summary>
    /// <param name="device">Device id.</param>
    /// <param name="epoch">Epoch.</param>
    /// <param name="size">How many.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <exception cref="AuditException">The log cannot be read.</exception>
    IAsyncEnumerable<byte[]> LeafHashesAsync(string device, long epoch, long size, CancellationToken cancellation = default);
}

/// <summary>One record and where it stands.</summary>
/// <param name="Device">Device id, 32 hex digits.</param>
/// <param name="Person">Sign-in name of the device's person; null where it is not known, as on a device's own log.</param>
/// <param name="Epoch">Epoch, from 1.</param>
/// <param name="LeafIndex">Leaf index in its epoch, from 0.</param>
/// <param name="Record">The record; an <see cref="UnknownRecord"/> when this program cannot read it.</param>
/// <param name="Canonical">The canonical bytes (RFC 8785) that the leaf commits to.</param>
public sealed record SourcedRecord(string Device, string? Person, long Epoch, long LeafIndex, AuditRecord Record, ReadOnlyMemory<byte> Canonical);

/// <summary>One log of one epoch, with the checkpoint that covers what is known of it.</summary>
/// <param name="Device">Device id, 32 hex digits.</param>
/// <param name="DeviceName">Name of the device; null where it is not known.</param>
/// <param name="Epoch">Epoch, from 1.</param>
/// <param name="Size">Number of leaves.</param>
/// <param name="RootHash">Root hash, base64.</param>
/// <param name="Checkpoint">The signed checkpoint (C2SP tlog-checkpoint), whole, with the server's cosignature where there is one.</param>
/// <param name="VerifierKey">The key that checks it (C2SP signed-note).</param>
/// <param name="Failure">Why the log is not whole; null when every check passed.</param>
public sealed record LogHead(string Device, string? DeviceName, long Epoch, long Size, string RootHash, string Checkpoint, string VerifierKey, string? Failure);
