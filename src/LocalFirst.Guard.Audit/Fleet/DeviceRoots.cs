using System.Collections.Concurrent;
using LocalFirst.Guard.Audit.Merkle;
using LocalFirst.Guard.Audit.Storage;
using LocalFirst.Guard.Audit.Storage.Fleet;
using Microsoft.EntityFrameworkCore;

namespace LocalFirst.Guard.Audit.Fleet;

/// <summary>
/// Roots of the first leaves of a device's log. What is stored never changes, so a root that was once computed from all the leaf hashes is remembered.
/// Safe for concurrent use.
/// </summary>
internal sealed class DeviceRoots
{
    /// <summary>Roots that are remembered: one for each epoch that was ever begun anew, for a fleet of thousands.</summary>
    private const int Most = 10_000;

    private readonly ConcurrentDictionary<(string Device, long Epoch, long Size), byte[]> _known = new();

    /// <summary>Root of all stored leaves.</summary>
    public static byte[] Of(DeviceLogRow log) => CompactRange.FromBytes(log.Tree, log.StoredSize).Root();

    /// <summary>Root of the first leaves; null while they are not all stored.</summary>
    public async Task<byte[]?> AtAsync(GuardDbContext context, DeviceLogRow log, long size, CancellationToken cancellation)
    {
        if (size > log.StoredSize)
        {
            return null;
        }

        if (size == log.StoredSize)
        {
            return Of(log);
        }

        if (!_known.TryGetValue((log.DeviceId, log.Epoch, size), out var root))
        {
            root = await ComputeAsync(context, log, size, cancellation);
            if (_known.Count >= Most)
            {
                _known.Clear();
            }

            _known[(log.DeviceId, log.Epoch, size)] = root;
        }

        return root;
    }

    /// <summary>Root of the first leaves, from their hashes, one at a time.</summary>
    public static async Task<byte[]> ComputeAsync(GuardDbContext context, DeviceLogRow log, long size, CancellationToken cancellation)
    {
        var tree = new CompactRange();
        var hashes = context.DeviceLeaves.Where(l => l.DeviceId == log.DeviceId && l.Epoch == log.Epoch && l.Index < size).OrderBy(l => l.Index).Select(l => l.Hash);
        await foreach (var hash in hashes.AsAsyncEnumerable().WithCancellation(cancellation))
        {
            tree.Append(hash);
        }

        return tree.Size == size ? tree.Root() : throw new FormatException("Stored leaves are missing.");
    }
}
