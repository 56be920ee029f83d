using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.Audit.Merkle;
using LocalFirst.Guard.Audit.Notes;
using LocalFirst.Guard.Audit.Storage;
using Microsoft.EntityFrameworkCore;

namespace LocalFirst.Guard.Audit;

/// <summary>
/// Where a log continues: in its last epoch when database, signatures and the checkpoint kept outside agree; else in a new one. A log must never
/// sign two different trees of one size (C2SP tlog-checkpoint), so an epoch that does not fit what was signed is never signed again.
/// </summary>
/// <param name="Epoch">The epoch to write in.</param>
/// <param name="Tree">Its tree so far.</param>
/// <param name="NextSequence">Position of the next leaf over all epochs.</param>
/// <param name="Reason">Why a new epoch begins (<see cref="EpochRecord.Reason"/>); null when none does.</param>
/// <param name="Previous">Last signed checkpoint that is known of the epoch before.</param>
internal sealed record LogStart(long Epoch, CompactRange Tree, long NextSequence, string? Reason, string? Previous)
{
    private const string RolledBack = "rolled-back";
    private const string Altered = "altered";
    private const string GuardLost = "guard-lost";
    private const string DeviceChanged = "device-changed";

    public static async Task<LogStart> FindAsync(GuardDbContext context, DeviceKeys keys, string? guardText, DateTimeOffset now, CancellationToken cancellation)
    {
        // 1  What the database holds, and what the checkpoint outside says.
        var guard = Signed(guardText, keys);
        var sequence = await context.Leaves.MaxAsync(l => (long?)l.Sequence, cancellation) + 1 ?? 0;
        var epochs = await context.Leaves.Select(l => l.Epoch).Union(context.Checkpoints.Select(c => c.Epoch)).OrderByDescending(e => e).Take(1).ToListAsync(cancellation);
        var epoch = epochs.Count == 0 ? 0 : epochs[0];
        var guardEpoch = guard is null ? 0 : LogOrigin.Parse(guard.Origin).Epoch;
        var next = Math.Max(epoch, guardEpoch) + 1;

        // 2  Without the checkpoint outside nobody knows which epochs were ever used; the clock gives a number that no earlier epoch has.
        if (guard is null && guardText != "")
        {
            var previous = epoch == 0 ? null : (await LastCheckpointAsync(context, epoch, cancellation))?.Note;
            return new LogStart(Math.Max(next, now.ToUnixTimeSeconds()), new CompactRange(), sequence, GuardLost, previous);
        }

        // 3  Nothing in the database.
        if (epoch == 0)
        {
            return guard is null
                ? new LogStart(1, new CompactRange(), sequence, null, null)
                : new LogStart(next, new CompactRange(), sequence, RolledBack, guardText);
        }

        // 4  The last epoch against its own last checkpoint.
        var last = await LastCheckpointAsync(context, epoch, cancellation);
        var verdict = Verdict(last?.Note, new LogOrigin(keys.DeviceId, epoch), keys);
        if (verdict == NoteVerdict.Unknown)
        {
            return new LogStart(next, new CompactRange(), sequence, guard is null ? DeviceChanged : Altered, guard is null ? last?.Note : guardText);
        }

        if (guard is null)
        {
            return new LogStart(Math.Max(next, now.ToUnixTimeSeconds()), new CompactRange(), sequence, GuardLost, verdict == NoteVerdict.Good ? last!.Note : null);
        }

        // 5  Its leaves against both checkpoints.
        var (tree, guarded) = await ReplayAsync(context, epoch, guardEpoch == epoch ? guard.Size : -1, cancellation);
        var fitsOwn = verdict == NoteVerdict.Good && tree is not null && last!.Size == tree.Size
            && Checkpoint.Parse(SignedNote.Parse(last.Note).Text).Root.AsSpan().SequenceEqual(tree.Root());
        var isBehind = guardEpoch > epoch || (guardEpoch == epoch && tree is not null && guard.Size > tree.Size);
        var fitsGuard = guardEpoch < epoch || (guardEpoch == epoch && guarded is not null && guarded.AsSpan().SequenceEqual(guard.Root));
        return isBehind ? new LogStart(next, new CompactRange(), sequence, RolledBack, guardText)
            : fitsOwn && fitsGuard ? new LogStart(epoch, tree!, sequence, null, null)
            : new LogStart(next, new CompactRange(), sequence, Altered, guardText);
    }

    /// <summary>The tree of an epoch from its leaf hashes, null when one is missing; and its root at one size on the way.</summary>
    private static async Task<(CompactRange? Tree, byte[]? RootAt)> ReplayAsync(GuardDbContext context, long epoch, long size, CancellationToken cancellation)
    {
        var tree = new CompactRange();
        byte[]? rootAt = null;
        var leaves = context.Leaves.Where(l => l.Epoch == epoch).OrderBy(l => l.Index).Select(l => new { l.Index, l.Hash });
        await foreach (var leaf in leaves.AsAsyncEnumerable().WithCancellation(cancellation))
        {
            if (leaf.Index != tree.Size || leaf.Hash.Length != MerkleHash.Size)
            {
                return (null, null);
            }

            tree.Append(leaf.Hash);
            if (tree.Size == size)
            {
                rootAt = tree.Root();
            }
        }

        return (tree, rootAt);
    }

    private static Task<CheckpointRow?> LastCheckpointAsync(GuardDbContext context, long epoch, CancellationToken cancellation) =>
        context.Checkpoints.Where(c => c.Epoch == epoch).OrderByDescending(c => c.Size).FirstOrDefaultAsync(cancellation);

    /// <summary>The checkpoint, if it is one and this device signed it.</summary>
    private static Checkpoint? Signed(string? note, DeviceKeys keys)
    {
        try
        {
            if (string.IsNullOrEmpty(note))
            {
                return null;
            }

            var parsed = SignedNote.Parse(note);
            var checkpoint = Checkpoint.Parse(parsed.Text);
            return parsed.Verify(keys.SignerFor(LogOrigin.Parse(checkpoint.Origin).Epoch).VerifierKey) == NoteVerdict.Good ? checkpoint : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static NoteVerdict Verdict(string? note, LogOrigin origin, DeviceKeys keys)
    {
        try
        {
            if (note is null)
            {
                return NoteVerdict.Bad;
            }

            var parsed = SignedNote.Parse(note);
            var verdict = parsed.Verify(keys.SignerFor(origin.Epoch).VerifierKey);
            return verdict == NoteVerdict.Good && Checkpoint.Parse(parsed.Text).Origin != origin.ToString() ? NoteVerdict.Bad : verdict;
        }
        catch (FormatException)
        {
            return NoteVerdict.Bad;
        }
    }
}
