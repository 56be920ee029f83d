using System.Runtime.CompilerServices;
using LocalFirst.Guard.Audit.Notes;

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
    async IAsyncEnumerable<byte[]> LeafHashesAsync(string device, long epoch, long size, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        // From the records themselves: right for every source, and slow for one that keeps the hashes.
        await foreach (var record in ReadAsync(DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue, cancellation))
        {
            if (record.Device == device && record.Epoch == epoch && record.LeafIndex < size)
            {
                yield return InclusionProofs.LeafHash(record.Canonical.Span);
            }
        }
    }
}

/// <summary>One record and where it stands.</summary>
/// <param name="Device">Device id, 32 hex digits.</param>
/// <param name="Person">Sign-in name of the device's person; null where it is not known, as on a device's own log.</param>
/// <param name="Epoch">Epoch, from 1.</param>
/// <param name="LeafIndex">Leaf index in its epoch, from 0.</param>
/// <param name="Record">The record; an <see cref="UnknownRecord"/> when this program cannot read it.</param>
/// <param name="Canonical">The canonical bytes (RFC 8785) that the leaf commits to.</param>
public sealed record SourcedRecord(string Device, string? Person, long Epoch, long LeafIndex, AuditRecord Record, ReadOnlyMemory<byte> Canonical);

/// <summary>
/// One log of one epoch. In the middle of an upload more records are stored than the newest whole checkpoint covers, so the two sizes have names of
/// their own: what belongs together, and may be printed together, is checkpoint, covered size and covered root.
/// </summary>
/// <param name="Device">Device id, 32 hex digits.</param>
/// <param name="DeviceName">Name of the device; null where it is not known.</param>
/// <param name="Epoch">Epoch, from 1.</param>
/// <param name="StoredSize">Number of leaves that are stored: what a reader finds. Never smaller than <paramref name="CoveredSize"/> in a whole log.</param>
/// <param name="CoveredSize">Number of leaves that <paramref name="Checkpoint"/> covers; 0 while there is none.</param>
/// <param name="CoveredRootHash">Root hash of those leaves, as <paramref name="Checkpoint"/> says it, base64; empty while there is none.</param>
/// <param name="Checkpoint">
/// The newest signed checkpoint (C2SP tlog-checkpoint) whose leaves are all stored, whole, with the server's cosignature where there is one; empty
/// while there is none.
/// </param>
/// <param name="VerifierKey">The key that checks it (C2SP signed-note).</param>
/// <param name="Failure">Why the log is not whole, or why that cannot be known: a stable name (<c>FORK</c>, <c>GAP</c> …), a colon and a sentence; null when every check passed.</param>
public sealed record LogHead(string Device, string? DeviceName, long Epoch, long StoredSize, long CoveredSize, string CoveredRootHash, string Checkpoint, string VerifierKey, string? Failure)
{
    /// <summary>What a checkpoint covers, for the two members of that name; nothing when there is none or it cannot be read.</summary>
    internal static (long Size, string RootHash) CoveredBy(string checkpoint)
    {
        try
        {
            return checkpoint.Length > 0 && Notes.Checkpoint.Parse(SignedNote.Parse(checkpoint).Text) is { } parsed ? (parsed.Size, Convert.ToBase64String(parsed.Root)) : (0, "");
        }
        catch (FormatException)
        {
            return (0, "");
        }
    }
}
