using LocalFirst.Guard.Audit.Merkle;
using Xunit;

namespace LocalFirst.Guard.Tests.Audit;

public sealed class TiledTreeTests
{
    private const int Most = 1100;

    [Fact]
    public void It_gives_the_proofs_of_the_whole_tree_at_every_kind_of_size()
    {
        var leaves = Enumerable.Range(0, Most).Select(i => MerkleHash.Leaf(BitConverter.GetBytes(i))).ToList();
        var whole = new MerkleTree();
        var tiled = new TiledTree();
        foreach (var leaf in leaves)
        {
            whole.Append(leaf);
            tiled.Append(leaf);
        }

        int[] sizes = [1, 2, 3, 100, 255, 256, 257, 300, 511, 512, 513, 700, 767, 768, 769, 1000, 1023, 1024, 1025, 1099, Most];
        Assert.Equal(Most, tiled.Size);
        foreach (var size in sizes)
        {
            Lend(size);
            Assert.Equal(whole.Root(size), tiled.Root(size));
            for (var window = 0; window < size; window += TiledTree.Width)
            {
                var end = Math.Min(size, window + TiledTree.Width);
                Assert.Equal(whole.SubtreeProof(window, end, size), tiled.SubtreeProof(window, end, size));
            }

            foreach (var old in sizes.Where(o => o <= size))
            {
                Lend(old, size);
                Assert.Equal(whole.ConsistencyProof(old, size), tiled.ConsistencyProof(old, size));
            }
        }

        void Lend(params long[] at)
        {
            foreach (var tile in tiled.MissingAt(at))
            {
                tiled.Lend(tile, leaves.GetRange((int)tile * TiledTree.Width, TiledTree.Width));
            }
        }
    }
}
