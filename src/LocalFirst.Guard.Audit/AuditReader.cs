using System.Runtime.CompilerServices;
using LocalFirst.Guard.Audit.Ingest;
using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.Audit.Merkle;
using LocalFirst.Guard.Audit.Notes;
using LocalFirst.Guard.Audit.Records;
using LocalFirst.Guard.Audit.Storage;
using LocalFirst.Guard.Audit.Verification;
using Microsoft.EntityFrameworkCore;

namespace LocalFirst.Guard.Audit;

/// <summary>Reads and verifies a log, without writing anything and while the broker may be writing it. Safe for concurrent use.</summary>
public sealed class AuditReader : IAuditReader, IRecordSource
{
    /// <summary>Most exchanges in one answer: a page of the portal, with room.</summary>
    private const int DefaultMaxExchanges = 500;

    /// <summary>Records read at a time: about a megabyte.</summary>
    private const int DefaultPage = 1000;

    private readonly AuditLogOptions _options;
    private string? _deviceId;
    private readonly Func<GuardDbContext> _open;

    private AuditReader(AuditLogOptions options, Func<GuardDbContext> open)
    {
        _options = options;
        _open = open;
    }

    /// <summary>Opens the log for reading.</summary>
    /// <param name="options">Where it lies.</param>
    /// <param name="cancellation">Stops opening.</param>
    /// <exception cref="AuditException">There is no log, or it cannot be read.</exception>
    public static async Task<AuditReader> OpenAsync(AuditLogOptions options, CancellationToken cancellation = default)
    {
        var path = options.DatabasePath;
        if (!File.Exists(path))
        {
            throw new AuditException($"There is no audit log at {path}.\n  → Start the broker once with guard run, or name its home folder with --home DIR.");
        }

        try
        {
            await ProbeAsync(() => LogDatabase.OpenForReading(path), cancellation);
            return new AuditReader(options, () => LogDatabase.OpenForReading(path));
        }
        catch (AuditException) when (!File.Exists(path + "-wal"))
        {
            // Without a write-ahead log beside it nothing is missing from the file itself, so a copy on a read-only medium can be read as it is.
            await ProbeAsync(() => LogDatabase.OpenImmutable(path), cancellation);
            return new AuditReader(options, () => LogDatabase.OpenImmutable(path));
        }

        async Task ProbeAsync(Func<GuardDbContext> open, CancellationToken stop)
        {
            await using var context = open();
            await Guarded(path, async () => await context.Leaves.Take(1).CountAsync(stop));
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<ExchangeEntry>> ListExchangesAsync(int max, long? beforeIndex, CancellationToken cancellation) =>
        Query<IReadOnlyList<ExchangeEntry>>(async context =>
        {
            var before = beforeIndex ?? long.MaxValue;
            var decisions = await context.Leaves
                .Where(l => l.Type == "decision" && l.Sequence < before
                    && !context.Leaves.Any(later => later.Exchange == l.Exchange && later.Type == "decision" && later.Sequence > l.Sequence))
                .OrderByDescending(l => l.Sequence)
                .Take(Math.Clamp(max, 1, DefaultMaxExchanges))
                .ToListAsync(cancellation);
            var exchanges = decisions.Select(d => d.Exchange).ToList();
            var outcomes = (await context.Leaves.Where(l => l.Type == "outcome" && exchanges.Contains(l.Exchange)).OrderBy(l => l.Sequence).ToListAsync(cancellation))
                .ToLookup(l => l.Exchange);
            return [.. decisions.Select(d => Exchange(d, outcomes[d.Exchange].LastOrDefault())).OfType<ExchangeEntry>()];
        });

    /// <inheritdoc/>
    public Task<ExchangeEntry?> FindExchangeAsync(string exchange, CancellationToken cancellation) =>
        Query(async context =>
        {
            var leaves = await context.Leaves.Where(l => l.Exchange == exchange).OrderBy(l => l.Sequence).ToListAsync(cancellation);
            return leaves.FindLast(l => l.Type == "decision") is { } decision ? Exchange(decision, leaves.FindLast(l => l.Type == "outcome")) : null;
        });

    /// <summary>All records of one exchange, oldest first; empty when there are none.</summary>
    /// <param name="exchange">Id of the exchange.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <exception cref="AuditException">The log cannot be read.</exception>
    public Task<IReadOnlyList<LogEntry>> ReadExchangeAsync(string exchange, CancellationToken cancellation) =>
        Query<IReadOnlyList<LogEntry>>(async context =>
            [.. (await context.Leaves.Where(l => l.Exchange == exchange).OrderBy(l => l.Sequence).ToListAsync(cancellation)).Select(Entry)]);

    /// <summary>Records in the order of the log.</summary>
    /// <param name="fromSequence">First position over all epochs, from 0.</param>
    /// <param name="max">How many at most.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <exception cref="AuditException">The log cannot be read.</exception>
    public Task<IReadOnlyList<LogEntry>> ReadAsync(long fromSequence, int max, CancellationToken cancellation) =>
        Query<IReadOnlyList<LogEntry>>(async context =>
            [.. (await context.Leaves.Where(l => l.Sequence >= fromSequence).OrderBy(l => l.Sequence).Take(max).ToListAsync(cancellation)).Select(Entry)]);

    /// <summary>The last records, oldest of them first.</summary>
    /// <param name="count">How many at most.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <exception cref="AuditException">The log cannot be read.</exception>
    public Task<IReadOnlyList<LogEntry>> TailAsync(int count, CancellationToken cancellation) =>
        Query<IReadOnlyList<LogEntry>>(async context =>
            [.. (await context.Leaves.OrderByDescending(l => l.Sequence).Take(count).ToListAsync(cancellation)).OrderBy(l => l.Sequence).Select(Entry)]);

    /// <inheritdoc/>
    public async Task<LogIntegrity> VerifyAsync(CancellationToken cancellation)
    {
        var report = await VerifyAsync(everySignature: false, cancellation);
        var epoch = report.Epochs.Count > 0 ? report.Epochs[^1] : new EpochState(1, "", 0, Convert.ToBase64String(MerkleHash.EmptyRoot()), null);
        var failure = report.Failures.Count > 0 ? report.Failures[0] : null;
        return new LogIntegrity(report.Intact, epoch.Size, epoch.Origin, epoch.RootHash, failure is null ? null : $"{failure.Class}: epoch {failure.Epoch}{(failure.LeafIndex is { } leaf ? $", leaf {leaf}" : "")}: {failure.Message}.");
    }

    /// <summary>Checks everything and says all that is wrong.</summary>
    /// <param name="everySignature">Whether to check the signature of every stored checkpoint, not only of the last of each epoch.</param>
    /// <param name="cancellation">Stops checking.</param>
    /// <exception cref="AuditException">The log or the device's public key cannot be read.</exception>
    public Task<VerificationReport> VerifyAsync(bool everySignature, CancellationToken cancellation) =>
        Guarded(_options.DatabasePath, () => LogVerification.RunAsync(_open, _options.KeysFolder, everySignature, cancellation));

    /// <summary>The log as it is uploaded to a fleet's server.</summary>
    public LogSource OpenUpload() => new(this);

    /// <inheritdoc/>
    public async IAsyncEnumerable<SourcedRecord> ReadAsync(DateTimeOffset since, DateTimeOffset until, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var (from, to) = (since.ToUnixTimeMilliseconds(), until.ToUnixTimeMilliseconds());
        for (var sequence = 0L; ;)
        {
            var start = sequence;
            var leaves = await Query(context => context.Leaves.Where(l => l.Sequence >= start && l.TimeMs >= from && l.TimeMs < to).OrderBy(l => l.Sequence).Take(DefaultPage).ToListAsync(cancellation));
            foreach (var leaf in leaves)
            {
                yield return new SourcedRecord(DeviceId, null, leaf.Epoch, leaf.Index, RecordReader.ReadOrUnknown(leaf.Record), leaf.Record);
            }

            if (leaves.Count < DefaultPage)
            {
                yield break;
            }

            sequence = leaves[^1].Sequence + 1;
        }
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<LogHead>> HeadsAsync(CancellationToken cancellation = default)
    {
        var (device, key) = DeviceKeys.LoadPublic(_options.KeysFolder);
        var report = await VerifyAsync(everySignature: false, cancellation);
        var heads = new List<LogHead>();
        foreach (var epoch in report.Epochs)
        {
            // Not the newest: the broker may have written on since the verification read.
            var note = await Query(context => context.Checkpoints.Where(c => c.Epoch == epoch.Epoch && c.Size <= epoch.Size).OrderByDescending(c => c.Size).Select(c => c.Note).FirstOrDefaultAsync(cancellation));
            var failure = report.Failures.FirstOrDefault(f => f.Epoch == epoch.Epoch);
            var (coveredSize, coveredRoot) = LogHead.CoveredBy(note ?? "");
            heads.Add(new LogHead(
                device,
                Environment.MachineName,
                epoch.Epoch,
                epoch.Size,
                coveredSize,
                coveredRoot,
                Cosigned(epoch.Epoch, note) ?? "",
                new VerifierKey(new LogOrigin(device, epoch.Epoch).ToString(), key).ToString(),
                failure is null ? null : $"{failure.Class}: {failure.Message}."));
        }

        return heads;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<byte[]> LeafHashesAsync(string device, long epoch, long size, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        for (var next = 0L; next < size && device == DeviceId; next += DefaultPage)
        {
            var (from, to) = (next, Math.Min(size, next + DefaultPage));
            var hashes = await Query(context => context.Leaves.Where(l => l.Epoch == epoch && l.Index >= from && l.Index < to).OrderBy(l => l.Index).Select(l => l.Hash).ToListAsync(cancellation));
            foreach (var hash in hashes)
            {
                yield return hash;
            }

            if (hashes.Count < to - from)
            {
                yield break;
            }
        }
    }

    // The fleet's cosignature is kept beside the log; it counts for this checkpoint only if it is on the same text.
    private string? Cosigned(long epoch, string? note) =>
        note is not null && new CosignedCheckpoints(_options.DatabasePath).Read(epoch) is { } cosigned && SignedNote.Parse(cosigned).Text == SignedNote.Parse(note).Text
            ? cosigned
            : note;

    /// <summary>Id of the device whose log this is.</summary>
    internal string DeviceId => _deviceId ??= DeviceKeys.LoadPublic(_options.KeysFolder).DeviceId;

    internal Task<T> QueryAsync<T>(Func<GuardDbContext, Task<T>> query) => Query(query);

    private async Task<T> Query<T>(Func<GuardDbContext, Task<T>> query)
    {
        await using var context = _open();
        return await Guarded(_options.DatabasePath, () => query(context));
    }

    private static async Task<T> Guarded<T>(string path, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (e is not (OperationCanceledException or AuditException))
        {
            throw StorageErrors.Explain(path, e);
        }
    }

    private static ExchangeEntry? Exchange(LeafRow decision, LeafRow? outcome) =>
        RecordReader.ReadOrUnknown(decision.Record) is DecisionRecord record
            ? new ExchangeEntry(record, decision.Sequence, outcome is null ? null : RecordReader.ReadOrUnknown(outcome.Record) as OutcomeRecord, decision.Epoch, decision.Index)
            : null;

    private static LogEntry Entry(LeafRow leaf) => new(leaf.Sequence, leaf.Epoch, leaf.Index, leaf.Hash, RecordReader.ReadOrUnknown(leaf.Record), leaf.Record);
}
