namespace LocalFirst.Guard.Audit.Merkle;

/// <summary>A tree that proofs can be made of (RFC 6962 §2.1.1 and §2.1.2), wherever its hashes are kept.</summary>
internal abstract class ProofTree
{
    /// <summary>Number of leaves.</summary>
    public abstract long Size { get; }

    /// <summary>Root of the first <paramref name="size"/> leaves.</summary>
    public byte[] Root(long size)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, Size);
        return size == 0 ? MerkleHash.EmptyRoot() : RootOf(0, size);
    }

    /// <summary>PATH(m, D[n]) of RFC 6962 §2.1.1: proves leaf <paramref name="index"/> in the tree of <paramref name="size"/> leaves.</summary>
    public IReadOnlyList<byte[]> InclusionProof(long index, long size)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, Size);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        var proof = new List<byte[]>();
        Path(index, 0, size, proof);
        return proof;
    }

    /// <summary>PROOF(m, D[n]) of RFC 6962 §2.1.2: proves that the tree of <paramref name="newSize"/> leaves begins with the one of <paramref name="oldSize"/>.</summary>
    public IReadOnlyList<byte[]> ConsistencyProof(long oldSize, long newSize)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(newSize, Size);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(oldSize, newSize);
        var proof = new List<byte[]>();
        if (oldSize > 0)
        {
            SubProof(oldSize, 0, newSize, complete: true, proof);
        }

        return proof;
    }

    /// <summary>
    /// SUBTREE_PROOF(start, end, D[n]) of draft-ietf-plants-merkle-tree-certs §4.4: proves that the leaves [start, end) are the same in the whole tree. Start is a
    /// multiple of the smallest power of two that is not below the length.
    /// </summary>
    public IReadOnlyList<byte[]> SubtreeProof(long start, long end, long size)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(size, Size);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(end, size);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(start, end);
        var proof = new List<byte[]>();
        SubtreeSubProof(start, end, 0, size, known: true, proof);
        return proof;
    }

    /// <summary>Root of the leaves [start, end) as a tree of their own.</summary>
    public byte[] SubtreeRoot(long start, long end) => RootOf(start, end);

    /// <summary>Root of the leaves [start, end); start is a multiple of the largest power of two below the length.</summary>
    protected abstract byte[] RootOf(long start, long end);

    protected static long LargestPowerOfTwoBelow(long count) => 1L << (int)long.Log2(count - 1);

    private void SubtreeSubProof(long start, long end, long from, long to, bool known, List<byte[]> proof)
    {
        if (start == from && end == to)
        {
            if (!known)
            {
                proof.Add(RootOf(from, to));
            }

            return;
        }

        var middle = from + LargestPowerOfTwoBelow(to - from);
        if (end <= middle)
        {
            SubtreeSubProof(start, end, from, middle, known, proof);
            proof.Add(RootOf(middle, to));
        }
        else if (middle <= start)
        {
            SubtreeSubProof(start, end, middle, to, known, proof);
            proof.Add(RootOf(from, middle));
        }
        else
        {
            SubtreeSubProof(middle, end, middle, to, known: false, proof);
            proof.Add(RootOf(from, middle));
        }
    }

    private void Path(long index, long start, long end, List<byte[]> proof)
    {
        if (end - start == 1)
        {
            return;
        }

        var middle = start + LargestPowerOfTwoBelow(end - start);
        if (index < middle)
        {
            Path(index, start, middle, proof);
            proof.Add(RootOf(middle, end));
        }
        else
        {
            Path(index, middle, end, proof);
            proof.Add(RootOf(start, middle));
        }
    }

    private void SubProof(long oldEnd, long start, long end, bool complete, List<byte[]> proof)
    {
        if (oldEnd == end)
        {
            if (!complete)
            {
                proof.Add(RootOf(start, end));
            }

            return;
        }

        var middle = start + LargestPowerOfTwoBelow(end - start);
        if (oldEnd <= middle)
        {
            SubProof(oldEnd, start, middle, complete, proof);
            proof.Add(RootOf(middle, end));
        }
        else
        {
            SubProof(oldEnd, middle, end, complete: false, proof);
            proof.Add(RootOf(start, middle));
        }
    }
}
