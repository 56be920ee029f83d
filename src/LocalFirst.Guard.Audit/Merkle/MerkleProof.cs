namespace LocalFirst.Guard.Audit.Merkle;

/// <summary>Checks proofs without the tree, by the algorithms of RFC 9162 §2.1.3.2 and §2.1.4.2 (the trees are those of RFC 6962).</summary>
internal static class MerkleProof
{
    /// <summary>Whether <paramref name="leafHash"/> is leaf <paramref name="index"/> of the tree with this size and root.</summary>
    public static bool VerifyInclusion(ulong index, ulong size, ReadOnlySpan<byte> leafHash, IReadOnlyList<byte[]> proof, ReadOnlySpan<byte> root)
    {
        if (index >= size || leafHash.Length != MerkleHash.Size || !AreHashes(proof))
        {
            return false;
        }

        var node = index;
        var last = size - 1;
        var hash = leafHash.ToArray();
        foreach (var sibling in proof)
        {
            if (last == 0)
            {
                return false;
            }

            if ((node & 1) == 1 || node == last)
            {
                hash = MerkleHash.Node(sibling, hash);
                while ((node & 1) == 0 && node != 0)
                {
                    node >>= 1;
                    last >>= 1;
                }
            }
            else
            {
                hash = MerkleHash.Node(hash, sibling);
            }

            node >>= 1;
            last >>= 1;
        }

        return last == 0 && root.SequenceEqual(hash);
    }

    /// <summary>
    /// Whether the tree of <paramref name="newSize"/> leaves begins with the tree of <paramref name="oldSize"/> leaves. From size 0 the answer is always
    /// no: an empty tree proves nothing, as transparency-dev's verifiers hold; a protocol that starts from 0 says so itself and needs no proof.
    /// </summary>
    public static bool VerifyConsistency(ulong oldSize, ulong newSize, ReadOnlySpan<byte> oldRoot, ReadOnlySpan<byte> newRoot, IReadOnlyList<byte[]> proof)
    {
        if (oldSize == 0 || oldSize > newSize || !AreHashes(proof))
        {
            return false;
        }

        if (oldSize == newSize)
        {
            return proof.Count == 0 && oldRoot.SequenceEqual(newRoot);
        }

        if (proof.Count == 0)
        {
            return false;
        }

        // A perfect old tree is itself the first node of the proof, so the proof leaves it out.
        var first = ulong.IsPow2(oldSize) ? oldRoot.ToArray() : proof[0];
        var next = ulong.IsPow2(oldSize) ? 0 : 1;
        var oldNode = oldSize - 1;
        var newNode = newSize - 1;
        while ((oldNode & 1) == 1)
        {
            oldNode >>= 1;
            newNode >>= 1;
        }

        var oldHash = first;
        var newHash = first;
        for (; next < proof.Count; next++)
        {
            if (newNode == 0)
            {
                return false;
            }

            if ((oldNode & 1) == 1 || oldNode == newNode)
            {
                oldHash = MerkleHash.Node(proof[next], oldHash);
                newHash = MerkleHash.Node(proof[next], newHash);
                while ((oldNode & 1) == 0 && oldNode != 0)
                {
                    oldNode >>= 1;
                    newNode >>= 1;
                }
            }
            else
            {
                newHash = MerkleHash.Node(newHash, proof[next]);
            }

            oldNode >>= 1;
            newNode >>= 1;
        }

        return newNode == 0 && oldRoot.SequenceEqual(oldHash) && newRoot.SequenceEqual(newHash);
    }

    /// <summary>Whether the leaves [start, end) with this root are the same in the tree of this size and root (draft-ietf-plants-merkle-tree-certs §4.4).</summary>
    public static bool VerifySubtree(long start, long end, long size, ReadOnlySpan<byte> subtreeRoot, ReadOnlySpan<byte> root, IReadOnlyList<byte[]> proof)
    {
        var length = end - start;
        if (start < 0 || length <= 0 || end > size || start % (long)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)length) != 0 || !AreHashes(proof))
        {
            return false;
        }

        var left = proof.Count;
        return Fold(start, end, size, known: true, subtreeRoot.ToArray(), proof, ref left) is var (subtree, whole)
            && left == 0 && subtree.AsSpan().SequenceEqual(subtreeRoot) && whole.AsSpan().SequenceEqual(root);
    }

    // The proof is written from the inside out, so that it is read from its end. Depth: the tree's, at most 63.
    private static (byte[] Subtree, byte[] Whole)? Fold(long start, long end, long size, bool known, byte[] subtree, IReadOnlyList<byte[]> proof, ref int left)
    {
        if (start == 0 && end == size)
        {
            if (known)
            {
                return (subtree, subtree);
            }

            return left == 0 ? null : (proof[--left], proof[left]);
        }

        if (left == 0)
        {
            return null;
        }

        var sibling = proof[--left];
        var middle = 1L << (int)long.Log2(size - 1);
        if (end <= middle)
        {
            return Fold(start, end, middle, known, subtree, proof, ref left) is var (s, w) ? (s, MerkleHash.Node(w, sibling)) : null;
        }

        if (middle <= start)
        {
            return Fold(start - middle, end - middle, size - middle, known, subtree, proof, ref left) is var (s, w) ? (s, MerkleHash.Node(sibling, w)) : null;
        }

        return Fold(0, end - middle, size - middle, known: false, subtree, proof, ref left) is var (inner, right)
            ? (MerkleHash.Node(sibling, inner), MerkleHash.Node(sibling, right))
            : null;
    }

    private static bool AreHashes(IReadOnlyList<byte[]> proof) => proof.All(h => h.Length == MerkleHash.Size);
}
