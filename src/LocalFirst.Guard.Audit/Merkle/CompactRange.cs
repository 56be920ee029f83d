namespace LocalFirst.Guard.Audit.Merkle;

/// <summary>
/// The right edge of a growing tree: one hash for each perfect subtree, largest first, as many as the size has set bits. Enough to append and
/// to give the root in O(log n) without the leaves (the "compact range" of transparency logs).
/// </summary>
internal sealed class CompactRange
{
    private readonly List<byte[]> _subtrees;

    public CompactRange()
        : this([], 0)
    {
    }

    private CompactRange(List<byte[]> subtrees, long size)
    {
        _subtrees = subtrees;
        Size = size;
    }

    /// <summary>Number of leaves.</summary>
    public long Size { get; private set; }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="FormatException">It is not the range of a tree of this size.</exception>
    public static CompactRange FromBytes(byte[] hashes, long size)
    {
        if (size < 0 || hashes.Length != MerkleHash.Size * System.Numerics.BitOperations.PopCount((ulong)size))
        {
            throw new FormatException("The stored tree does not fit its size.");
        }

        return new CompactRange([.. hashes.Chunk(MerkleHash.Size)], size);
    }

    /// <summary>The hashes of the perfect subtrees, largest first.</summary>
    public byte[] ToBytes() => [.. _subtrees.SelectMany(s => s)];

    /// <summary>A copy that grows on its own: a commit that fails drops the copy and nothing has happened.</summary>
    public CompactRange Clone() => new([.. _subtrees], Size);

    public void Append(byte[] leafHash)
    {
        var hash = leafHash;

        // Each trailing one bit of the size is a perfect subtree that this leaf completes to the next size.
        for (var bits = Size; (bits & 1) == 1; bits >>= 1)
        {
            hash = MerkleHash.Node(_subtrees[^1], hash);
            _subtrees.RemoveAt(_subtrees.Count - 1);
        }

        _subtrees.Add(hash);
        Size++;
    }

    /// <summary>Root by RFC 6962 §2.1: subtrees are folded from the right.</summary>
    public byte[] Root()
    {
        if (_subtrees.Count == 0)
        {
            return MerkleHash.EmptyRoot();
        }

        var root = _subtrees[^1];
        for (var i = _subtrees.Count - 2; i >= 0; i--)
        {
            root = MerkleHash.Node(_subtrees[i], root);
        }

        return root;
    }
}
