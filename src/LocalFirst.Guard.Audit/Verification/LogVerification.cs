using System.Data;
using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.Audit.Notes;
using LocalFirst.Guard.Audit.Records;
using LocalFirst.Guard.Audit.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using NSec.Cryptography;

namespace LocalFirst.Guard.Audit.Verification;

/// <summary>
/// Checks a whole log in one snapshot of the database, while the broker may be writing:
/// <code>
/// 1  read the checkpoint kept outside the database   (before the snapshot: it is then never newer than it)
/// 2  read leaf 0 of every epoch                      (they claim what the epoch before had signed)
/// 3  for every epoch, page by page: each leaf, each stored checkpoint, each claim
/// 4  pair outcomes with decisions over all epochs
/// </code>
/// </summary>
internal sealed class LogVerification
{
    /// <summary>Failures and open exchanges that a report lists: enough to see what happened, bounded for a log that is wholly wrong.</summary>
    private const int DefaultReported = 100;

    /// <summary>Leaves read at a time: about a megabyte of records.</summary>
    private const int DefaultPage = 1000;

    private readonly GuardDbContext _context;
    private readonly string _deviceId;
    private readonly PublicKey _publicKey;
    private readonly string? _guard;
    private readonly bool _everySignature;
    private readonly List<VerificationFailure> _failures = [];
    private readonly Dictionary<string, long> _open = new(StringComparer.Ordinal);
    private long _records;
    private long _decisions;

    private LogVerification(GuardDbContext context, string deviceId, PublicKey publicKey, string? guard, bool everySignature)
    {
        _context = context;
        _deviceId = deviceId;
        _publicKey = publicKey;
        _guard = guard;
        _everySignature = everySignature;
    }

    /// <param name="open">Opens the database for reading.</param>
    /// <param name="keysFolder">Folder of the device's id, public key and outside checkpoint.</param>
    /// <param name="everySignature">Check the signature of every stored checkpoint, not only of the last of each epoch.</param>
    /// <param name="cancellation">Stops it.</param>
    public static async Task<VerificationReport> RunAsync(Func<GuardDbContext> open, string keysFolder, bool everySignature, CancellationToken cancellation)
    {
        var (deviceId, publicKey) = DeviceKeys.LoadPublic(keysFolder);
        var guard = ForkGuard.Read(keysFolder);
        await using var context = open();
        await context.Database.OpenConnectionAsync(cancellation);

        // Deferred: the default would begin to write, which a read-only connection may not.
        await using var snapshot = ((SqliteConnection)context.Database.GetDbConnection()).BeginTransaction(IsolationLevel.Serializable, deferred: true);
        await context.Database.UseTransactionAsync(snapshot, cancellation);
        return await new LogVerification(context, deviceId, publicKey, guard, everySignature).RunAsync(cancellation);
    }

    private async Task<VerificationReport> RunAsync(CancellationToken cancellation)
    {
        var first = await _context.Leaves.Where(l => l.Index == 0).OrderBy(l => l.Epoch).ToListAsync(cancellation);
        var epochs = await _context.Leaves.Select(l => l.Epoch).Union(_context.Checkpoints.Select(c => c.Epoch)).OrderBy(e => e).ToListAsync(cancellation);
        var claims = EpochClaims(first, epochs);
        if (GuardClaim(epochs) is { } guard)
        {
            claims.Add(guard);
        }

        foreach (var lost in claims.Where(c => !epochs.Contains(c.Epoch)))
        {
            Report(new VerificationFailure(lost.Missing, lost.Epoch, null, $"{lost.Checkpoint.Size} leaves of this epoch were signed by the checkpoint in {lost.Source}, and the database holds none of them"));
        }

        var states = new List<EpochState>();
        foreach (var epoch in epochs)
        {
            states.Add(await VerifyEpochAsync(epoch, [.. claims.Where(c => c.Epoch == epoch)], ReasonOf(first, epoch), cancellation));
        }

        var open = _open.OrderBy(o => o.Value).Select(o => o.Key).Take(DefaultReported).ToList();
        return new VerificationReport(states, _failures, _records, _decisions, _open.Count, open);
    }

    private async Task<EpochState> VerifyEpochAsync(long epoch, IReadOnlyList<Claim> claims, string? reason, CancellationToken cancellation)
    {
        var check = new EpochVerification(epoch, KeyOf(epoch), claims, _everySignature, Report);
        var from = long.MinValue;
        var signed = long.MinValue;
        while (true)
        {
            var leaves = await _context.Leaves.Where(l => l.Epoch == epoch && l.Index >= from).OrderBy(l => l.Index).Take(DefaultPage).ToListAsync(cancellation);
            if (leaves.Count == 0)
            {
                break;
            }

            var end = leaves[^1].Index + 1;
            var checkpoints = new Queue<CheckpointRow>(
                await _context.Checkpoints.Where(c => c.Epoch == epoch && c.Size > signed && c.Size <= end).OrderBy(c => c.Size).ToListAsync(cancellation));
            foreach (var leaf in leaves)
            {
                if (check.Leaf(leaf) is { } record)
                {
                    await PairAsync(record, leaf, cancellation);
                }

                while (checkpoints.TryPeek(out var next) && next.Size <= leaf.Index + 1)
                {
                    check.Checkpoint(checkpoints.Dequeue());
                }

                check.Claims();
            }

            from = end;
            signed = end;
        }

        check.End(await _context.Checkpoints.Where(c => c.Epoch == epoch && c.Size > signed).OrderByDescending(c => c.Size).FirstOrDefaultAsync(cancellation));
        _records += check.Size;
        return new EpochState(epoch, check.Origin, check.Size, check.RootHash, reason);
    }

    private async Task PairAsync(AuditRecord record, LeafRow leaf, CancellationToken cancellation)
    {
        if (record is DecisionRecord decision)
        {
            _decisions++;
            _open[decision.Exchange] = leaf.Sequence;
            return;
        }

        // A retried exchange may have several outcomes: only a first one that no decision precedes is wrong.
        if (record is OutcomeRecord outcome && !_open.Remove(outcome.Exchange)
            && !await _context.Leaves.AnyAsync(l => l.Exchange == outcome.Exchange && l.Type == "decision" && l.Sequence < leaf.Sequence, cancellation))
        {
            Report(new VerificationFailure(FailureClass.OutcomeBeforeDecision, leaf.Epoch, leaf.Index, $"the exchange {outcome.Exchange} has an outcome here and no decision before it"));
        }
    }

    private List<Claim> EpochClaims(List<LeafRow> first, List<long> epochs)
    {
        var claims = new List<Claim>();
        foreach (var epoch in epochs.Where(e => e > 1))
        {
            if (EpochRecordOf(first, epoch) is not { } record)
            {
                Report(new VerificationFailure(FailureClass.Gap, epoch, 0, "the epoch does not begin with the record that says what came before it"));
                continue;
            }

            if (record.Previous is { } previous && TryParse(previous) is { } parsed)
            {
                claims.Add(new Claim(LogOrigin.Parse(parsed.Checkpoint.Origin).Epoch, parsed.Checkpoint, $"the first record of epoch {epoch}", FailureClass.Gap));
            }
        }

        return claims;
    }

    private Claim? GuardClaim(List<long> epochs)
    {
        var last = epochs.Count == 0 ? 1 : epochs[^1];
        if (_guard is null || (_guard.Length == 0 && epochs.Count > 0))
        {
            Report(new VerificationFailure(FailureClass.GuardMissing, last, null, $"the checkpoint kept outside the database ({ForkGuard.FileName} in the keys folder) is gone: that the end was cut off could not be noticed"));
            return null;
        }

        if (_guard.Length == 0 || TryParse(_guard) is not { } parsed)
        {
            return null;
        }

        var epoch = LogOrigin.Parse(parsed.Checkpoint.Origin).Epoch;
        var verdict = parsed.Note.Verify(KeyOf(epoch));
        if (verdict != NoteVerdict.Good)
        {
            var name = verdict == NoteVerdict.Bad ? FailureClass.SignatureBad : FailureClass.SignatureUnknown;
            Report(new VerificationFailure(name, epoch, null, $"the checkpoint kept outside the database ({ForkGuard.FileName} in the keys folder) is not signed by this device's key"));
            return null;
        }

        return new Claim(epoch, parsed.Checkpoint, $"the file {ForkGuard.FileName}", FailureClass.Fork);
    }

    private static (SignedNote Note, Checkpoint Checkpoint)? TryParse(string text)
    {
        try
        {
            var note = SignedNote.Parse(text);
            var checkpoint = Checkpoint.Parse(note.Text);
            _ = LogOrigin.Parse(checkpoint.Origin);
            return (note, checkpoint);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static EpochRecord? EpochRecordOf(List<LeafRow> first, long epoch)
    {
        try
        {
            return first.Find(l => l.Epoch == epoch) is { } leaf && RecordReader.Read(leaf.Record) is EpochRecord record && record.Epoch == epoch ? record : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static string? ReasonOf(List<LeafRow> first, long epoch) => EpochRecordOf(first, epoch)?.Reason;

    private VerifierKey KeyOf(long epoch) => new(new LogOrigin(_deviceId, epoch).ToString(), _publicKey);

    private void Report(VerificationFailure failure)
    {
        if (_failures.Count < DefaultReported)
        {
            _failures.Add(failure);
        }
    }
}
