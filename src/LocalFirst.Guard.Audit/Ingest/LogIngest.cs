using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Audit.Merkle;
using LocalFirst.Guard.Audit.Notes;
using LocalFirst.Guard.Audit.Records;
using LocalFirst.Guard.Audit.Storage;
using LocalFirst.Guard.Audit.Storage.Fleet;
using Microsoft.EntityFrameworkCore;
using NSec.Cryptography;

namespace LocalFirst.Guard.Audit.Ingest;

/// <summary>
/// Takes in the devices' logs as a mirror does (C2SP tlog-mirror):
/// <code>
///  add-checkpoint   the device commits to a tree that continues the one it committed to before     → kept as pending
///  add-entries      packages of its leaves, each proven against the pending tree before it is kept → all there: cosigned
/// </code>
/// Every step is one transaction and may be repeated or cut off anywhere: what is stored once is not stored twice, and the answer says where to go on.
/// </summary>
public sealed class LogIngest
{
    /// <summary>Longest <c>add-checkpoint</c> body in bytes: 63 proof lines and a checkpoint with many signatures.</summary>
    public const int MaxCheckpointBytes = 64 * 1024;

    /// <summary>Longest <c>add-entries</c> body in bytes: four full packages of the longest records.</summary>
    public const int MaxEntriesBytes = 4 * 1024 * 1024 + (64 * 1024);

    /// <summary>Longest text of a checkpoint in characters: origin, size and root have under 200. The specification allows more lines; nobody needs a book cosigned.</summary>
    private const int MaxCheckpointText = 1024;

    /// <summary>Other checkpoints that are kept of one log: the first of them proves as much as a thousand, and each costs a look at the whole log.</summary>
    private const int MaxOthers = 16;

    private const string AnotherTree = "The device signed another tree of this size before.";

    private readonly FleetDatabase _database;
    private readonly Cosigner _cosigner;

    internal LogIngest(FleetDatabase database, Cosigner cosigner)
    {
        _database = database;
        _cosigner = cosigner;
    }

    /// <summary><c>add-checkpoint</c>.</summary>
    /// <param name="deviceId">The device that sent it, as authenticated.</param>
    /// <param name="body">The body.</param>
    /// <param name="cancellation">Stops waiting; nothing is stored then.</param>
    /// <exception cref="AuditException">The database cannot be used.</exception>
    public async Task<IngestAnswer> AddCheckpointAsync(string deviceId, string body, CancellationToken cancellation = default)
    {
        CheckpointRequest request;
        Checkpoint checkpoint;
        SignedNote note;
        LogOrigin origin;
        try
        {
            request = CheckpointRequest.Parse(body);
            note = SignedNote.Parse(request.Note);
            checkpoint = Checkpoint.Parse(note.Text);
            origin = LogOrigin.Parse(checkpoint.Origin);
            if (note.Text.Length > MaxCheckpointText)
            {
                throw new FormatException($"The text of a checkpoint has at most {MaxCheckpointText} characters here.");
            }
        }
        catch (FormatException e)
        {
            return IngestAnswer.Refused(400, e.Message);
        }

        if (origin.Device != deviceId)
        {
            return IngestAnswer.Refused(404, "This log is not one of the device that sends it.");
        }

        return await _database.AloneAsync(checkpoint.Origin, async context =>
        {
            if (await KeyAsync(context, deviceId, origin, cancellation) is not { } key)
            {
                return IngestAnswer.Refused(404, "The device is not enrolled here: run 'guard enroll URL'.");
            }

            if (note.Verify(key) != NoteVerdict.Good)
            {
                return IngestAnswer.Refused(403, "The checkpoint is not signed with the key that this device enrolled with.");
            }

            var log = await LogAsync(context, deviceId, origin.Epoch, cancellation);
            var pending = log.PendingNote.Length == 0 ? new Checkpoint(checkpoint.Origin, 0, MerkleHash.EmptyRoot()) : Checkpoint.Parse(SignedNote.Parse(log.PendingNote).Text);
            var kept = $"{note.Text}\n{note.LineOf(key)}";
            if (checkpoint.Size == pending.Size && !checkpoint.Root.AsSpan().SequenceEqual(pending.Root))
            {
                // Both are signed by the device: proof that it told two histories.
                KeepFork(log, kept);
                await context.SaveChangesAsync(cancellation);
                return IngestAnswer.Refused(422, AnotherTree);
            }

            if (checkpoint.Size < pending.Size)
            {
                return await KeepOtherAsync(context, log, checkpoint, kept, cancellation)
                    ? IngestAnswer.Refused(422, AnotherTree)
                    : IngestAnswer.OtherSize(pending.Size);
            }

            if (request.OldSize > checkpoint.Size)
            {
                return IngestAnswer.Refused(400, "The old size is larger than the checkpoint's.");
            }

            if (request.OldSize != pending.Size)
            {
                return IngestAnswer.OtherSize(pending.Size);
            }

            // From the empty tree everything is consistent, and the proof is empty (RFC 6962 §2.1.2 has none; C2SP tlog-witness).
            var consistent = pending.Size == 0
                ? request.Proof.Count == 0
                : MerkleProof.VerifyConsistency((ulong)pending.Size, (ulong)checkpoint.Size, pending.Root, checkpoint.Root, request.Proof);
            if (!consistent || (checkpoint.Size == 0 && !checkpoint.Root.AsSpan().SequenceEqual(MerkleHash.EmptyRoot())))
            {
                // It is signed, so it is kept: a device whose history was exchanged can show nothing else.
                await KeepOtherAsync(context, log, checkpoint, kept, cancellation);
                return IngestAnswer.Refused(422, "The proof does not show that the tree continues the one before.");
            }

            log.PendingSize = checkpoint.Size;
            log.PendingNote = kept;
            await context.SaveChangesAsync(cancellation);

            // A mirror cosigns only what it holds: the signature comes with the last entry.
            return IngestAnswer.Accepted("");
        }, cancellation);
    }

    /// <summary><c>add-entries</c>.</summary>
    /// <param name="deviceId">The device that sent it, as authenticated.</param>
    /// <param name="body">The body; it may end after any package.</param>
    /// <param name="cancellation">Stops between packages; what was stored stays.</param>
    /// <exception cref="AuditException">The database cannot be used.</exception>
    public async Task<IngestAnswer> AddEntriesAsync(string deviceId, ReadOnlyMemory<byte> body, CancellationToken cancellation = default)
    {
        EntryUpload upload;
        LogOrigin origin;
        try
        {
            upload = EntryUpload.Parse(body.Span);
            origin = LogOrigin.Parse(upload.Origin);
        }
        catch (FormatException e)
        {
            return IngestAnswer.Refused(400, e.Message);
        }

        if (origin.Device != deviceId)
        {
            return IngestAnswer.Refused(404, "This log is not one of the device that sends it.");
        }

        // 1  Each package in a transaction of its own: an interruption keeps what came before it.
        var at = upload.Start;
        foreach (var package in upload.Packages)
        {
            var from = at;
            var refusal = await _database.AloneAsync(origin.ToString(), context => StoreAsync(context, origin, upload, package, from, cancellation), cancellation);
            if (refusal is not null)
            {
                return refusal;
            }

            at += package.Entries.Count;
        }

        // 2  Cosign when everything is there.
        return await _database.AloneAsync(origin.ToString(), async context =>
        {
            var log = await LogAsync(context, deviceId, origin.Epoch, cancellation);
            if (log.PendingNote.Length == 0)
            {
                return IngestAnswer.Refused(422, "There is no checkpoint for these entries yet: send it first (add-checkpoint).");
            }

            if (upload.End != log.PendingSize || upload.Start > log.StoredSize)
            {
                return IngestAnswer.Progress(409, log.PendingSize, log.StoredSize);
            }

            return log.StoredSize < log.PendingSize
                ? IngestAnswer.Progress(202, log.PendingSize, log.StoredSize)
                : IngestAnswer.Accepted(await CosignAsync(context, log, cancellation));
        }, cancellation);
    }

    private static async Task<IngestAnswer?> StoreAsync(GuardDbContext context, LogOrigin origin, EntryUpload upload, EntryPackage package, long from, CancellationToken cancellation)
    {
        if (await KeyAsync(context, origin.Device, origin, cancellation) is null)
        {
            return IngestAnswer.Refused(404, "The device is not enrolled here: run 'guard enroll URL'.");
        }

        var log = await LogAsync(context, origin.Device, origin.Epoch, cancellation);
        var end = from + package.Entries.Count;
        if (upload.End != log.PendingSize || from > log.StoredSize)
        {
            return IngestAnswer.Progress(409, log.PendingSize, log.StoredSize);
        }

        if (end <= log.StoredSize)
        {
            return null;
        }

        // 1  The window's leaves: those that are stored, then those that are new.
        var window = from / EntryUpload.Width * EntryUpload.Width;
        var fresh = package.Entries.Skip((int)(log.StoredSize - from)).Select(e => (Entry: e, Hash: MerkleHash.Leaf(e))).ToList();
        var stored = await context.DeviceLeaves
            .Where(l => l.DeviceId == origin.Device && l.Epoch == origin.Epoch && l.Index >= window && l.Index < log.StoredSize)
            .OrderBy(l => l.Index).Select(l => l.Hash).ToListAsync(cancellation);
        var subtree = new CompactRange();
        foreach (var hash in stored.Concat(fresh.Select(f => f.Hash)))
        {
            subtree.Append(hash);
        }

        // 2  Do they belong to the tree that the device signed?
        var pending = Checkpoint.Parse(SignedNote.Parse(log.PendingNote).Text);
        if (subtree.Size != end - window || !MerkleProof.VerifySubtree(window, end, pending.Size, subtree.Root(), pending.Root, package.Proof))
        {
            return IngestAnswer.Refused(422, $"The entries {from} to {end - 1} do not belong to the tree that the device signed.");
        }

        // 3  Keep them.
        var tree = CompactRange.FromBytes(log.Tree, log.StoredSize);
        var others = (await context.OtherCheckpoints
            .Where(o => o.DeviceId == origin.Device && o.Epoch == origin.Epoch && o.Size > log.StoredSize && o.Size <= end).ToListAsync(cancellation)).ToLookup(o => o.Size);
        foreach (var (entry, hash) in fresh)
        {
            context.DeviceLeaves.Add(Row(origin, tree.Size, entry, hash));
            tree.Append(hash);
            foreach (var other in others[tree.Size].Where(o => o.Root != Convert.ToBase64String(tree.Root())))
            {
                KeepFork(log, other.Note);
            }
        }

        log.StoredSize = tree.Size;
        log.Tree = tree.ToBytes();
        await context.SaveChangesAsync(cancellation);
        return null;
    }

    /// <summary>
    /// Keeps a checkpoint that the log did not grow by. Says whether it is of another history for certain; where its leaves have not arrived, that is
    /// found out as they do.
    /// </summary>
    private async Task<bool> KeepOtherAsync(GuardDbContext context, DeviceLogRow log, Checkpoint checkpoint, string note, CancellationToken cancellation)
    {
        // 1  A checkpoint that the log did grow by, sent again, and one that is kept already.
        var size = checkpoint.Size;
        var root = Convert.ToBase64String(checkpoint.Root);
        var own = await context.DeviceCheckpoints.SingleOrDefaultAsync(c => c.DeviceId == log.DeviceId && c.Epoch == log.Epoch && c.Size == size, cancellation);
        if (own is not null && LogHead.CoveredBy(own.Note).RootHash == root)
        {
            return false;
        }

        var kept = await context.OtherCheckpoints.Where(o => o.DeviceId == log.DeviceId && o.Epoch == log.Epoch).Select(o => new { o.Size, o.Root }).ToListAsync(cancellation);
        if (kept.Count >= MaxOthers || kept.Exists(o => o.Size == size && o.Root == root))
        {
            return false;
        }

        // 2  Against what is stored.
        context.OtherCheckpoints.Add(new OtherCheckpointRow { DeviceId = log.DeviceId, Epoch = log.Epoch, Size = size, Root = root, Note = note, SeenMs = _database.Time.GetUtcNow().ToUnixTimeMilliseconds() });
        var isFork = size <= log.StoredSize && !(await DeviceRoots.ComputeAsync(context, log, size, cancellation)).AsSpan().SequenceEqual(checkpoint.Root);
        if (isFork)
        {
            KeepFork(log, note);
        }

        await context.SaveChangesAsync(cancellation);
        return isFork;
    }

    // The first proof stays: a later one would say the same.
    private static void KeepFork(DeviceLogRow log, string note) => log.ForkNote = log.ForkNote.Length == 0 ? note : log.ForkNote;

    private async Task<string> CosignAsync(GuardDbContext context, DeviceLogRow log, CancellationToken cancellation)
    {
        var note = SignedNote.Parse(log.PendingNote);
        var line = _cosigner.SignatureLine(note.Text, _database.Time.GetUtcNow());
        var isNew = log.CosignedNote.Length == 0 || Checkpoint.Parse(SignedNote.Parse(log.CosignedNote).Text).Size < log.PendingSize;
        if (isNew)
        {
            log.CosignedNote = log.PendingNote + line;
            context.DeviceCheckpoints.Add(new DeviceCheckpointRow { DeviceId = log.DeviceId, Epoch = log.Epoch, Size = log.PendingSize, Note = log.CosignedNote });
            await context.SaveChangesAsync(cancellation);
        }

        return line;
    }

    private static DeviceLeafRow Row(LogOrigin origin, long index, byte[] entry, byte[] hash)
    {
        var record = RecordReader.ReadOrUnknown(entry);
        return new DeviceLeafRow
        {
            DeviceId = origin.Device,
            Epoch = origin.Epoch,
            Index = index,
            Hash = hash,
            Record = entry,
            Type = record.Type.Length <= RecordWriter.NameBytes && !record.Type.Contains('\0') ? record.Type : "",
            Exchange = RecordWriter.ExchangeOf(record)?.Replace("\0", "", StringComparison.Ordinal),
            TimeMs = record.Time.ToUnixTimeMilliseconds(),
        };
    }

    private static async Task<VerifierKey?> KeyAsync(GuardDbContext context, string deviceId, LogOrigin origin, CancellationToken cancellation) =>
        await context.Devices.SingleOrDefaultAsync(d => d.Id == deviceId && d.RevokedMs == null, cancellation) is { } device
            ? new VerifierKey(origin.ToString(), PublicKey.Import(SignatureAlgorithm.Ed25519, device.PublicKey, KeyBlobFormat.RawPublicKey))
            : null;

    private static async Task<DeviceLogRow> LogAsync(GuardDbContext context, string deviceId, long epoch, CancellationToken cancellation)
    {
        var log = await context.DeviceLogs.AsTracking().SingleOrDefaultAsync(l => l.DeviceId == deviceId && l.Epoch == epoch, cancellation);
        if (log is null)
        {
            log = new DeviceLogRow { DeviceId = deviceId, Epoch = epoch };
            context.DeviceLogs.Add(log);
        }

        return log;
    }
}
