using LocalFirst.Guard.Audit.Merkle;
using Xunit;

namespace LocalFirst.Guard.Tests.Audit;

public sealed class MerkleTests
{
    private const int Leaves = 40;

    [Fact]
    public void Tree_and_compact_range_give_the_root_of_the_definition_at_every_size()
    {
        var leaves = Hashes();
        var range = new CompactRange();
        var tree = new MerkleTree();
        Assert.Equal(MerkleHash.EmptyRoot(), range.Root());
        for (var size = 1; size <= Leaves; size++)
        {
            range.Append(leaves[size - 1]);
            tree.Append(leaves[size - 1]);
            Assert.Equal(Definition(leaves.AsSpan(0, size)), range.Root());
            Assert.Equal(range.Root(), tree.Root(size));
        }
    }

    [Fact]
    public void Every_inclusion_proof_verifies_and_proves_no_other_leaf()
    {
        var (tree, leaves) = Tree();
        for (var size = 1; size <= Leaves; size++)
        {
            for (var index = 0; index < size; index++)
            {
                var proof = tree.InclusionProof(index, size);
                Assert.True(MerkleProof.VerifyInclusion((ulong)index, (ulong)size, leaves[index], proof, tree.Root(size)));
                Assert.False(MerkleProof.VerifyInclusion((ulong)index, (ulong)size, leaves[(index + 1) % Leaves], proof, tree.Root(size)));
                Assert.False(MerkleProof.VerifyInclusion((ulong)index, (ulong)size, leaves[index], [.. proof, leaves[0]], tree.Root(size)));
            }
        }
    }

    [Fact]
    public void Every_consistency_proof_verifies_and_no_other_root_does()
    {
        var (tree, leaves) = Tree();
        for (var size = 1; size <= Leaves; size++)
        {
            for (var old = 1; old <= size; old++)
            {
                var proof = tree.ConsistencyProof(old, size);
                Assert.True(MerkleProof.VerifyConsistency((ulong)old, (ulong)size, tree.Root(old), tree.Root(size), proof));
                Assert.False(MerkleProof.VerifyConsistency((ulong)old, (ulong)size, leaves[0].Reverse().ToArray(), tree.Root(size), proof));
            }
        }
    }

    [Fact]
    public void A_clone_grows_on_its_own()
    {
        var leaves = Hashes();
        var range = new CompactRange();
        range.Append(leaves[0]);
        var root = range.Root();
        var clone = range.Clone();
        clone.Append(leaves[1]);
        Assert.Equal(root, range.Root());
        Assert.Equal(1, range.Size);
        Assert.Equal(2, clone.Size);
    }

    // RFC 6962 §2.1, word by word.
    private static byte[] Definition(ReadOnlySpan<byte[]> leaves)
    {
        if (leaves.Length == 1)
        {
            return leaves[0];
        }

        var k = 1;
        while (k * 2 < leaves.Length)
        {
            k *= 2;
        }

        return MerkleHash.Node(Definition(leaves[..k]), Definition(leaves[k..]));
    }

    private static byte[][] Hashes() => [.. Enumerable.Range(0, Leaves).Select(i => MerkleHash.Leaf([(byte)i]))];

    private static (MerkleTree Tree, byte[][] Leaves) Tree()
    {
        var tree = new MerkleTree();
        var leaves = Hashes();
        foreach (var leaf in leaves)
        {
            tree.Append(leaf);
        }

        return (tree, leaves);
    }
}
