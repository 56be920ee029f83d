using LocalFirst.Guard.Audit.Notes;
using LocalFirst.Guard.Audit.Records;
using LocalFirst.Guard.Audit.Storage.Fleet;
using NSec.Cryptography;

namespace LocalFirst.Guard.Audit.Fleet;

/// <summary>
/// Whether an epoch of a device's log continues what came before it. Its first record claims a checkpoint of the epoch before; the device may lie, so
/// the claim is held against what this server knows by itself:
/// <code>
/// 1  is there a claim, and is it by this device about an earlier epoch of its own?      CHECKPOINT_BAD, SIG_BAD, SIG_UNKNOWN
/// 2  is that the epoch before, or was one passed over?                                  GAP
/// 3  does it claim all that the device had signed, and the same records?                GAP, FORK
/// 4  have the claimed records arrived?                                                  GAP
/// </code>
/// What cannot be known is said to be so, never taken as good.
/// </summary>
/// <param name="log">The epoch.</param>
/// <param name="first">Its first record; null while it has not arrived.</param>
/// <param name="earlier">The device's earlier epochs, oldest first.</param>
/// <param name="device">Raw public key and id of the device.</param>
/// <param name="rootAt">Root of the first leaves of an earlier epoch; null where they are not all stored.</param>
internal sealed class EpochSuccession(DeviceLogRow log, DeviceLeafRow? first, IReadOnlyList<DeviceLogRow> earlier, DeviceRow device, Func<DeviceLogRow, long, Task<byte[]?>> rootAt)
{
    private const string GuardLost = "guard-lost";

    public async Task<string?> FailureAsync()
    {
        var before = earlier.Count > 0 ? earlier[^1] : null;
        if (log.Epoch == 1)
        {
            return null;
        }

        // 1  The claim.
        if (first is null)
        {
            return $"{FailureClass.Gap}: the first record of this epoch, which says what came before it, has not arrived yet; until then nobody can know whether something is missing.";
        }

        if (RecordReader.ReadOrUnknown(first.Record) is not EpochRecord epoch || epoch.Epoch != log.Epoch)
        {
            return $"{FailureClass.Gap}: this epoch does not begin with the record that says what came before it.";
        }

        if (epoch.Previous is null)
        {
            return $"{FailureClass.Gap}: the epoch began anew ({epoch.Reason}) and names no checkpoint of what came before it{(before is null ? ": how much is missing cannot be known." : $"; the device had signed {before.PendingSize} records in epoch {before.Epoch}.")}";
        }

        if (Parse(epoch.Previous) is not { } claim)
        {
            return $"{FailureClass.CheckpointBad}: what the first record names as the checkpoint of the epoch before is no checkpoint; what came before is not known.";
        }

        if (claim.Origin.Device != log.DeviceId || claim.Origin.Epoch >= log.Epoch)
        {
            return $"{FailureClass.CheckpointBad}: the first record names a checkpoint of another log than an earlier epoch of this device; what came before is not known.";
        }

        var key = new VerifierKey(claim.Origin.ToString(), PublicKey.Import(SignatureAlgorithm.Ed25519, device.PublicKey, KeyBlobFormat.RawPublicKey));
        var verdict = claim.Note.Verify(key);
        if (verdict != NoteVerdict.Good)
        {
            return verdict == NoteVerdict.Bad
                ? $"{FailureClass.SignatureBad}: the signature under the checkpoint that the first record names is not over that checkpoint; what came before is not known."
                : $"{FailureClass.SignatureUnknown}: the checkpoint that the first record names is not signed with this device's key; what came before is not known.";
        }

        // 2  The epoch before.
        var size = claim.Checkpoint.Size;
        var named = $"the epoch began anew ({epoch.Reason}) after {size} records of epoch {claim.Origin.Epoch}";
        if (before is not null && before.Epoch > claim.Origin.Epoch)
        {
            return $"{FailureClass.Gap}: {named}, as it says; the device had signed {before.PendingSize} records in epoch {before.Epoch} since, and passes over them.";
        }

        if (before is null || before.Epoch < claim.Origin.Epoch)
        {
            return $"{FailureClass.Gap}: {named}; none of them has arrived.";
        }

        // 3  All that was signed, and the same.
        if (await rootAt(before, size) is { } root && !root.AsSpan().SequenceEqual(claim.Checkpoint.Root))
        {
            return $"{FailureClass.Fork}: {named}, as it says; the records of these places that arrived are others. Both are signed by the device and kept as evidence.";
        }

        if (size < before.PendingSize)
        {
            return $"{FailureClass.Gap}: {named}, as it says; the device had signed {before.PendingSize}.";
        }

        // 4  Arrived.
        if (before.StoredSize < size)
        {
            return $"{FailureClass.Gap}: {named}; {before.StoredSize} of them have arrived.{(size > before.PendingSize ? " Whether the rest continues what arrived cannot be known before." : "")}";
        }

        // 5  A device that lost the checkpoint outside its database takes the clock for the number of its next epoch, and knows no more than we do.
        return epoch.Reason == GuardLost
            ? $"{FailureClass.Gap}: {named}, which are all here; but the device lost what it keeps to know its last checkpoint by, so whether it had signed more than it showed this server cannot be known."
            : claim.Origin.Epoch == log.Epoch - 1
                ? null
                : $"{FailureClass.Gap}: {named}, as it says, but this is epoch {log.Epoch}: what stood in the {(log.Epoch - claim.Origin.Epoch == 2 ? "epoch" : "epochs")} between has not arrived.";
    }

    private static (SignedNote Note, Checkpoint Checkpoint, LogOrigin Origin)? Parse(string text)
    {
        try
        {
            var note = SignedNote.Parse(text);
            var checkpoint = Checkpoint.Parse(note.Text);
            return (note, checkpoint, LogOrigin.Parse(checkpoint.Origin));
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
