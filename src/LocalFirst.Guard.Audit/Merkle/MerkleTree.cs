namespace LocalFirst.Guard.Audit.Merkle;

/// <summary>A whole tree in memory, for proofs (RFC 6962 §2.1.1 and §2.1.2). Level 0 holds the leaf hashes, each next level the full pairs of the one below.</summary>
internal sealed class MerkleTree : ProofTree
{
    private readonly List<List<byte[]>> _levels = [[]];

    /// <inheritdoc/>
    public override long Size => _levels[0].Count;

    public void Append(byte[] leafHash)
    {
        var hash = leafHash;
        for (var level = 0; ; level++)
        {
            if (level == _levels.Count)
            {
                _levels.Add([]);
            }

            _levels[level].Add(hash);
            if (_levels[level].Count % 2 == 1)
            {
                return;
            }

            hash = MerkleHash.Node(_levels[level][^2], hash);
        }
    }

    /// <inheritdoc/>
    protected override byte[] RootOf(long start, long end)
    {
        var count = end - start;
        if (long.IsPow2(count))
        {
            var level = (int)long.Log2(count);
            return _levels[level][(int)(start >> level)];
        }

        var middle = start + LargestPowerOfTwoBelow(count);
        return MerkleHash.Node(RootOf(start, middle), RootOf(middle, end));
    }
}
