namespace LocalFirst.Guard.Audit.Merkle;

/// <summary>
/// A growing tree of which one hash for every 256 leaves stays in memory, besides the leaves of the last, open tile (C2SP tlog-tiles): two megabytes
/// for ten million leaves. A proof at a size in the middle of an earlier tile needs that tile's leaves again: <see cref="MissingAt"/> says which, and
/// <see cref="Lend"/> lends them.
/// </summary>
internal sealed class TiledTree : ProofTree
{
    /// <summary>Leaves of a full tile.</summary>
    public const int Width = 256;

    private readonly MerkleTree _tiles = new();
    private readonly List<byte[]> _open = [];
    private readonly Dictionary<long, IReadOnlyList<byte[]>> _lent = [];

    /// <inheritdoc/>
    public override long Size => (_tiles.Size * Width) + _open.Count;

    public void Append(byte[] leafHash)
    {
        _open.Add(leafHash);
        if (_open.Count == Width)
        {
            _tiles.Append(RootOf(_open, 0, Width));
            _open.Clear();
        }
    }

    /// <summary>Tiles whose leaves a proof between these sizes looks into and that are not in memory. Forgets those lent before.</summary>
    public IReadOnlyList<long> MissingAt(params long[] sizes)
    {
        _lent.Clear();
        return [.. sizes.Where(s => s % Width != 0 && s / Width < _tiles.Size).Select(s => s / Width).Distinct()];
    }

    /// <summary>Lends the leaf hashes of a full tile.</summary>
    /// <param name="tile">Its number, from 0.</param>
    /// <param name="leafHashes">All 256.</param>
    public void Lend(long tile, IReadOnlyList<byte[]> leafHashes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(leafHashes.Count, Width);
        _lent[tile] = leafHashes;
    }

    /// <inheritdoc/>
    protected override byte[] RootOf(long start, long end)
    {
        if (start % Width == 0 && end % Width == 0)
        {
            return _tiles.SubtreeRoot(start / Width, end / Width);
        }

        // Start is a multiple of a power of two that is not below the length, so a short range lies in one tile.
        if (end - start <= Width)
        {
            var tile = start / Width;
            return RootOf(tile == _tiles.Size ? _open : _lent[tile], (int)(start - (tile * Width)), (int)(end - (tile * Width)));
        }

        var middle = start + LargestPowerOfTwoBelow(end - start);
        return MerkleHash.Node(RootOf(start, middle), RootOf(middle, end));
    }

    private static byte[] RootOf(IReadOnlyList<byte[]> leafHashes, int start, int end)
    {
        var range = new CompactRange();
        for (var i = start; i < end; i++)
        {
            range.Append(leafHashes[i]);
        }

        return range.Root();
    }
}
