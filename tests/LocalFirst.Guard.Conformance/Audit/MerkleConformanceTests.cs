using System.Text;
using System.Text.Json;
using LocalFirst.Guard.Audit.Merkle;
using Xunit;

namespace LocalFirst.Guard.Conformance.Audit;

/// <summary>transparency-dev/merkle's cases: happy paths and every kind of corruption.</summary>
public sealed class MerkleConformanceTests
{
    [Fact]
    public void Hashes_are_those_of_rfc_6962()
    {
        var vectors = AuditVectors.Document("rfc6962_hashes.json").GetProperty("vectors").EnumerateArray().ToList();
        Assert.Equal(4, vectors.Count);
        foreach (var vector in vectors)
        {
            byte[] hash = vector.GetProperty("kind").GetString() switch
            {
                "empty" => MerkleHash.EmptyRoot(),
                "leaf" => MerkleHash.Leaf(Hex(vector, "in_hex")),
                _ => MerkleHash.Node(Hex(vector, "left_hex"), Hex(vector, "right_hex")),
            };
            Assert.Equal(vector.GetProperty("want").GetString(), Convert.ToHexStringLower(hash));
        }
    }

    [Fact]
    public void Inclusion_proofs_are_accepted_and_refused_as_they_should_be()
    {
        var cases = AuditVectors.Lines("rfc6962_inclusion.jsonl");
        Assert.Equal(98, cases.Count);
        foreach (var c in cases)
        {
            var accepted = MerkleProof.VerifyInclusion(c.GetProperty("leafIdx").GetUInt64(), c.GetProperty("treeSize").GetUInt64(), Bytes(c, "leafHash"), Proof(c), Bytes(c, "root"));
            Assert.True(accepted != c.GetProperty("wantErr").GetBoolean(), c.GetProperty("_file").GetString());
        }
    }

    [Fact]
    public void Consistency_proofs_are_accepted_and_refused_as_they_should_be()
    {
        var cases = AuditVectors.Lines("rfc6962_consistency.jsonl");
        Assert.Equal(98, cases.Count);
        foreach (var c in cases)
        {
            var accepted = MerkleProof.VerifyConsistency(c.GetProperty("size1").GetUInt64(), c.GetProperty("size2").GetUInt64(), Bytes(c, "root1"), Bytes(c, "root2"), Proof(c));
            Assert.True(accepted != c.GetProperty("wantErr").GetBoolean(), c.GetProperty("_file").GetString());
        }
    }

    [Fact]
    public void The_roots_of_a_known_log_are_recomputed_at_every_size()
    {
        var log = AuditVectors.Document("c2sp_notes.json").GetProperty("tlog_tiles_log");
        var tree = new CompactRange();
        var leaves = log.GetProperty("leaves").EnumerateArray().Select(l => l.GetString()!).ToList();
        for (var size = 0; size <= leaves.Count; size++)
        {
            if (size > 0)
            {
                tree.Append(MerkleHash.Leaf(Encoding.UTF8.GetBytes(leaves[size - 1])));
            }

            var note = log.GetProperty("checkpoints").GetProperty(size.ToString(System.Globalization.CultureInfo.InvariantCulture)).GetString()!;
            Assert.Equal(note.Split('\n')[2], Convert.ToBase64String(tree.Root()));
        }
    }

    private static byte[] Hex(JsonElement json, string name) => Convert.FromHexString(json.GetProperty(name).GetString()!);

    private static byte[] Bytes(JsonElement json, string name) =>
        json.GetProperty(name) is { ValueKind: JsonValueKind.String } value ? Convert.FromBase64String(value.GetString()!) : [];

    private static byte[][] Proof(JsonElement json) =>
        json.GetProperty("proof") is { ValueKind: JsonValueKind.Array } proof ? [.. proof.EnumerateArray().Select(h => Convert.FromBase64String(h.GetString()!))] : [];
}
