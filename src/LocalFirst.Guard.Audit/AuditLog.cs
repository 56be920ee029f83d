using System.Threading.Channels;
using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.Audit.Merkle;
using LocalFirst.Guard.Audit.Notes;
using LocalFirst.Guard.Audit.Storage;
using Microsoft.EntityFrameworkCore;

namespace LocalFirst.Guard.Audit;

/// <summary>
/// The log of this device, open for writing; one process at a time. Safe for concurrent use.
/// <code>
/// callers ──encode, hash──▶ bounded queue ──▶ one writer thread:  1 take all that waits
///    ▲                                                            2 grow a copy of the tree, sign its checkpoint
///    │                                                            3 leaves + checkpoint in one transaction, synchronous=FULL
///    └───────────────── position, or AuditException ◀──────────── 4 keep the copy and the outside checkpoint, answer everyone
/// </code>
/// There is no timer: an idle log commits at once, a busy one commits together what arrived during the last commit.
/// </summary>
public sealed class AuditLog : IAuditLog, IAuditReader, IAsyncDisposable
{
    /// <summary>Appends that may wait; beyond it callers wait for room, which slows clients instead of filling memory.</summary>
    private const int DefaultQueue = 4096;

    /// <summary>Most leaves in one transaction: about a megabyte, and far above what arrives during one commit.</summary>
    private const int DefaultBatch = 1024;

    private readonly AuditLogOptions _options;
    private readonly WriterLock _lock;
    private readonly DeviceKeys _keys;
    private readonly ForkGuard _forkGuard;
    private readonly GuardDbContext _context;
    private readonly LogWriter _writer;
    private readonly NoteSigner _signer;
    private readonly long _epoch;
    private readonly Channel<PendingAppend> _queue = Channel.CreateBounded<PendingAppend>(new BoundedChannelOptions(DefaultQueue) { SingleReader = true });
    private readonly Thread _thread;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CompactRange _tree;
    private long _nextSequence;
    private bool _isInDoubt;
    private AuditReader? _reader;
    private int _isDisposed;

    private AuditLog(AuditLogOptions options, WriterLock writerLock, DeviceKeys keys, ForkGuard forkGuard, GuardDbContext context, LogStart start)
    {
        _options = options;
        _lock = writerLock;
        _keys = keys;
        _forkGuard = forkGuard;
        _context = context;
        _writer = new LogWriter(context);
        _epoch = start.Epoch;
        _signer = keys.SignerFor(start.Epoch);
        _tree = start.Tree;
        _nextSequence = start.NextSequence;

        // A thread of its own: a commit waits for the disk, and must neither take a thread from the pool nor wait for one.
        _thread = new Thread(Run) { IsBackground = true, Name = "audit log" };
    }

    /// <summary>Origin line of the checkpoints of the present epoch: <c>localfirst-guard/&lt;device-id&gt;/&lt;epoch&gt;</c>.</summary>
    public string Origin => _signer.VerifierKey.Name;

    /// <summary>The key that checks these checkpoints, as C2SP signed-note writes it.</summary>
    public string VerifierKey => _signer.VerifierKey.ToString();

    /// <summary>This device's random id: 32 lower-case hex digits.</summary>
    public string DeviceId => _keys.DeviceId;

    /// <summary>Opens the log for writing, and makes keys and database at the first run. A log that does not fit what was signed begins a new epoch.</summary>
    /// <param name="options">Where it lies.</param>
    /// <param name="cancellation">Stops opening.</param>
    /// <exception cref="AuditException">Another process writes it, or keys or database cannot be used.</exception>
    public static async Task<AuditLog> OpenAsync(AuditLogOptions options, CancellationToken cancellation = default)
    {
        PrivateFile.EnsureParent(options.DatabasePath);
        var writerLock = WriterLock.Take(options.DatabasePath);
        DeviceKeys? keys = null;
        ForkGuard? forkGuard = null;
        GuardDbContext? context = null;
        try
        {
            keys = DeviceKeys.LoadOrCreate(options.KeysFolder);
            context = await LogDatabase.OpenForWritingAsync(options.DatabasePath, cancellation);
            var now = options.TimeProvider.GetUtcNow();
            var start = await LogStart.FindAsync(context, keys, ForkGuard.Read(options.KeysFolder), now, cancellation);
            forkGuard = ForkGuard.Open(options.KeysFolder);
            var log = new AuditLog(options, writerLock, keys, forkGuard, context, start);
            if (start.Reason is not null)
            {
                log.BeginEpoch(start, now);
            }

            log._reader = await AuditReader.OpenAsync(options, cancellation);
            log._thread.Start();
            return log;
        }
        catch (Exception e)
        {
            forkGuard?.Dispose();
            keys?.Dispose();
            if (context is not null)
            {
                await context.DisposeAsync();
            }

            writerLock.Dispose();
            if (e is AuditException or OperationCanceledException)
            {
                throw;
            }

            throw StorageErrors.Explain(options.DatabasePath, e);
        }
    }

    /// <inheritdoc/>
    public async Task<LogPosition> AppendAsync(AuditRecord record, CancellationToken cancellation = default)
    {
        var append = new PendingAppend(record);
        try
        {
            await _queue.Writer.WriteAsync(append, cancellation);
        }
        catch (ChannelClosedException e)
        {
            throw new AuditException($"The audit log {_options.DatabasePath} is closed.\n  → The broker is stopping; nothing more can leave this machine.", e);
        }

        return await append.Done.Task.WaitAsync(cancellation);
    }

    /// <inheritdoc/>
    public string Correlate(ReadOnlySpan<byte> value) => _keys.Correlate(value);

    /// <inheritdoc/>
    public Task<IReadOnlyList<ExchangeEntry>> ListExchangesAsync(int max, long? beforeIndex, CancellationToken cancellation) =>
        _reader!.ListExchangesAsync(max, beforeIndex, cancellation);

    /// <inheritdoc/>
    public Task<ExchangeEntry?> FindExchangeAsync(string exchange, CancellationToken cancellation) =>
        _reader!.FindExchangeAsync(exchange, cancellation);

    /// <inheritdoc/>
    public Task<LogIntegrity> VerifyAsync(CancellationToken cancellation) => _reader!.VerifyAsync(cancellation);

    /// <summary>Writes what was appended, then closes. Appends after this fail.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 1)
        {
            return;
        }

        _queue.Writer.Complete();
        await _ended.Task;
        _writer.Dispose();
        await _context.DisposeAsync();
        _forkGuard.Dispose();
        _keys.Dispose();
        _lock.Dispose();
    }

    /// <summary>For tests: caps the database's size in pages, which SQLite reports as a full disk.</summary>
    internal void LimitPages(int pages)
    {
        using var command = _context.Database.GetDbConnection().CreateCommand();
        command.CommandText = $"PRAGMA max_page_count = {pages}";
        command.ExecuteNonQuery();
    }

    private void BeginEpoch(LogStart start, DateTimeOffset now)
    {
        var epoch = new PendingAppend(new EpochRecord { Time = now, Epoch = start.Epoch, Reason = start.Reason!, Previous = start.Previous });
        var alarm = new PendingAppend(new EventRecord
        {
            Time = now,
            Name = "log-epoch-started",
            Detail = $"The log could not be continued ({start.Reason}) and began epoch {start.Epoch}. Run guard audit verify to see what is missing or altered.",
        });
        Commit([epoch, alarm]);
    }

    private void Run()
    {
        var batch = new List<PendingAppend>();
        while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (batch.Count < DefaultBatch && _queue.Reader.TryRead(out var append))
            {
                batch.Add(append);
            }

            try
            {
                Commit(batch);
            }
            catch (Exception e)
            {
                foreach (var append in batch)
                {
                    // Each waiter its own exception: one that is thrown in many places at once garbles its stack trace. The ones that
                    // were written keep their result, because TrySet does nothing then.
                    append.Done.TrySetException(e is AuditException known ? new AuditException(known.Message, known) : StorageErrors.Explain(_options.DatabasePath, e));
                }
            }

            batch.Clear();
        }

        _ended.SetResult();
    }

    private void Commit(List<PendingAppend> batch)
    {
        if (_isInDoubt)
        {
            SettleDoubt();
        }

        var tree = _tree.Clone();
        var leaves = new List<LeafRow>(batch.Count);
        foreach (var append in batch)
        {
            leaves.Add(append.ToRow(_nextSequence + leaves.Count, _epoch, tree.Size));
            tree.Append(append.Hash);
        }

        var note = _signer.Sign(new Checkpoint(Origin, tree.Size, tree.Root()).ToText());
        try
        {
            _writer.Commit(leaves, new CheckpointRow { Epoch = _epoch, Size = tree.Size, Note = note });
        }
        catch
        {
            _isInDoubt = true;
            throw;
        }

        _tree = tree;
        _nextSequence += leaves.Count;
        _forkGuard.Write(note);
        for (var i = 0; i < batch.Count; i++)
        {
            batch[i].Done.SetResult(new LogPosition(leaves[i].Index, leaves[i].Hash, _epoch));
        }
    }

    // After a commit that failed, the disk may still hold it (an error of the last flush says nothing sure). Going on blindly could sign a second tree
    // of the same size, so the database is asked first.
    private void SettleDoubt()
    {
        var sequence = _context.Leaves.Max(l => (long?)l.Sequence) + 1 ?? 0;
        var signed = _context.Checkpoints.Where(c => c.Epoch == _epoch).Max(c => (long?)c.Size) ?? 0;
        if (sequence != _nextSequence || signed != _tree.Size)
        {
            throw new AuditException($"The audit log {_options.DatabasePath} holds something else than was written after a failed write.\n  → Restart the broker: it checks the log and goes on. Until then nothing that must be recorded can leave this machine.");
        }

        _isInDoubt = false;
    }
}
