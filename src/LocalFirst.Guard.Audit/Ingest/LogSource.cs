using LocalFirst.Guard.Audit.Merkle;
using LocalFirst.Guard.Audit.Notes;
using Microsoft.EntityFrameworkCore;

namespace LocalFirst.Guard.Audit.Ingest;

/// <summary>
/// What a device gives away of its own log: checkpoints with consistency proofs, and entries with subtree proofs. It keeps one hash for every 256 leaves
/// in memory and reads only what is new since the last call. Not safe for concurrent use.
/// </summary>
public sealed class LogSource
{
    /// <summary>Entries of one request: four packages, about a megabyte of usual records.</summary>
    private const int DefaultPackages = 4;

    /// <summary>Leaf hashes read at a time.</summary>
    private const int DefaultPage = 10_000;

    private readonly AuditReader _reader;
    private readonly Dictionary<long, TiledTree> _trees = [];

    internal LogSource(AuditReader reader) => _reader = reader;

    /// <summary>The epochs of the log, oldest first.</summary>
    /// <param name="cancellation">Stops reading.</param>
    public Task<IReadOnlyList<long>> EpochsAsync(CancellationToken cancellation) =>
        _reader.QueryAsync<IReadOnlyList<long>>(async context =>
        {
            // One seek an epoch; a DISTINCT would walk every checkpoint, of which there is one a commit.
            var epochs = new List<long>();
            for (long? last = 0; (last = await context.Checkpoints.Where(c => c.Epoch > last).MinAsync(c => (long?)c.Epoch, cancellation)) is { } epoch;)
            {
                epochs.Add(epoch);
            }

            return epochs;
        });

    /// <summary>Size of the newest checkpoint of an epoch; 0 when there is none.</summary>
    /// <param name="epoch">The epoch.</param>
    /// <param name="cancellation">Stops reading.</param>
    public Task<long> SizeAsync(long epoch, CancellationToken cancellation) =>
        _reader.QueryAsync(async context => await context.Checkpoints.Where(c => c.Epoch == epoch).MaxAsync(c => (long?)c.Size, cancellation) ?? 0);

    /// <summary>The newest checkpoint of an epoch as an <c>add-checkpoint</c> body; null when the epoch has none.</summary>
    /// <param name="epoch">The epoch.</param>
    /// <param name="oldSize">Size that the server has a checkpoint of.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <exception cref="AuditException">The log cannot be read, or the server knows more of it than this device.</exception>
    public async Task<(string Body, long Size)?> CheckpointAsync(long epoch, long oldSize, CancellationToken cancellation)
    {
        var row = await _reader.QueryAsync(context => context.Checkpoints.Where(c => c.Epoch == epoch).OrderByDescending(c => c.Size).FirstOrDefaultAsync(cancellation));
        if (row is null)
        {
            return null;
        }

        if (oldSize > row.Size)
        {
            throw new AuditException($"The server has {oldSize} records of this log (epoch {epoch}), this device only {row.Size}: the log here was cut off or put back.\n  → Run guard audit verify, and tell your security team.");
        }

        var tree = await TreeAsync(epoch, row.Size, [oldSize, row.Size], cancellation);
        var proof = oldSize == row.Size ? [] : tree.ConsistencyProof(oldSize, row.Size);
        return (new CheckpointRequest(oldSize, proof, row.Note).ToText(), row.Size);
    }

    /// <summary>Entries as an <c>add-entries</c> body, as many as fit one request.</summary>
    /// <param name="epoch">The epoch.</param>
    /// <param name="start">First entry.</param>
    /// <param name="end">Size of the checkpoint that the server holds as pending.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <exception cref="AuditException">The log cannot be read.</exception>
    public async Task<byte[]> EntriesAsync(long epoch, long start, long end, CancellationToken cancellation)
    {
        var tree = await TreeAsync(epoch, end, [end], cancellation);
        var origin = new LogOrigin(_reader.DeviceId, epoch).ToString();
        var packages = new List<EntryPackage>();
        for (var at = start; at < end && packages.Count < DefaultPackages;)
        {
            var window = at / EntryUpload.Width * EntryUpload.Width;
            var next = Math.Min(end, window + EntryUpload.Width);
            var entries = await _reader.QueryAsync(context => context.Leaves
                .Where(l => l.Epoch == epoch && l.Index >= at && l.Index < next).OrderBy(l => l.Index).Select(l => l.Record).ToListAsync(cancellation));
            packages.Add(new EntryPackage(entries, tree.SubtreeProof(window, next, end)));
            at = next;
        }

        return new EntryUpload(origin, start, end, packages).ToBytes();
    }

    /// <summary>The tree with at least this many leaves, ready for proofs at these sizes.</summary>
    private async Task<TiledTree> TreeAsync(long epoch, long size, long[] proofSizes, CancellationToken cancellation)
    {
        if (!_trees.TryGetValue(epoch, out var tree))
        {
            _trees[epoch] = tree = new TiledTree();
        }

        while (tree.Size < size)
        {
            var from = tree.Size;
            var hashes = await HashesAsync(epoch, from, Math.Min(size, from + DefaultPage), cancellation);
            hashes.ForEach(tree.Append);
            if (hashes.Count == 0)
            {
                throw TooFew(epoch);
            }
        }

        foreach (var tile in tree.MissingAt(proofSizes))
        {
            var hashes = await HashesAsync(epoch, tile * TiledTree.Width, (tile + 1) * TiledTree.Width, cancellation);
            tree.Lend(tile, hashes.Count == TiledTree.Width ? hashes : throw TooFew(epoch));
        }

        return tree;
    }

    private Task<List<byte[]>> HashesAsync(long epoch, long from, long to, CancellationToken cancellation) =>
        _reader.QueryAsync(context => context.Leaves
            .Where(l => l.Epoch == epoch && l.Index >= from && l.Index < to).OrderBy(l => l.Index).Select(l => l.Hash).ToListAsync(cancellation));

    private static AuditException TooFew(long epoch) => new($"The log has fewer records than its checkpoint (epoch {epoch}).\n  → Run guard audit verify.");
}
