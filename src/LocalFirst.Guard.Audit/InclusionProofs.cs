using LocalFirst.Guard.Audit.Merkle;

namespace LocalFirst.Guard.Audit;

/// <summary>Proofs that records stand in a signed tree (RFC 6962 §2.1.1): what lets somebody check a record who has the checkpoint and not the log.</summary>
public static class InclusionProofs
{
    /// <summary>The leaf hash of a record: SHA-256(0x00 ‖ canonical bytes).</summary>
    /// <param name="canonical">Its canonical bytes.</param>
    public static byte[] LeafHash(ReadOnlySpan<byte> canonical) => MerkleHash.Leaf(canonical);

    /// <summary>Makes the proofs of some leaves of one log. The tree of that log is held in memory meanwhile: about 130 bytes a leaf.</summary>
    /// <param name="records">The records.</param>
    /// <param name="device">Device id.</param>
    /// <param name="epoch">Epoch.</param>
    /// <param name="size">Size of the tree that the checkpoint is of.</param>
    /// <param name="rootHash">Its root, base64.</param>
    /// <param name="indexes">Leaf indexes; those from <paramref name="size"/> on have no proof.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <returns>Proof by leaf index; empty when the leaves do not give that root.</returns>
    /// <exception cref="AuditException">The log cannot be read.</exception>
    public static async Task<IReadOnlyDictionary<long, IReadOnlyList<byte[]>>> MakeAsync(
        IRecordSource records,
        string device,
        long epoch,
        long size,
        string rootHash,
        IEnumerable<long> indexes,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(records);
        ArgumentNullException.ThrowIfNull(indexes);
        var proofs = new Dictionary<long, IReadOnlyList<byte[]>>();
        var wanted = indexes.Where(i => i >= 0 && i < size).Distinct().ToList();
        if (wanted.Count == 0)
        {
            return proofs;
        }

        var tree = new MerkleTree();
        await foreach (var hash in records.LeafHashesAsync(device, epoch, size, cancellation))
        {
            if (hash.Length != MerkleHash.Size)
            {
                return proofs;
            }

            tree.Append(hash);
        }

        if (tree.Size != size || Convert.ToBase64String(tree.Root(size)) != rootHash)
        {
            return proofs;
        }

        foreach (var index in wanted)
        {
            proofs[index] = tree.InclusionProof(index, size);
        }

        return proofs;
    }
}
