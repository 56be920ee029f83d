using System.Text;
using System.Text.Json;
using LocalFirst.Guard.Audit.Canonical;
using LocalFirst.Guard.Audit.Merkle;
using LocalFirst.Guard.Audit.Notes;
using LocalFirst.Guard.Audit.Records;
using NSec.Cryptography;
using Xunit;

namespace LocalFirst.Guard.Tests.Audit;

/// <summary>The frozen bytes: docs/record-format.vectors.json. If one of these fails, the code is wrong, not the file.</summary>
public sealed class RecordFormatVectorTests
{
    [Fact]
    public void Records_have_their_canonical_bytes_and_leaf_hashes()
    {
        using var vectors = Vectors();
        var records = vectors.RootElement.GetProperty("records").EnumerateArray().ToList();
        Assert.Equal(8, records.Count);
        foreach (var vector in records)
        {
            var canonical = Encoding.UTF8.GetBytes(vector.GetProperty("canonical").GetString()!);
            Assert.Equal(vector.GetProperty("canonical_bytes").GetInt32(), canonical.Length);
            Assert.Equal(canonical, CanonicalJson.Canonicalize(vector.GetProperty("record")));
            Assert.Equal(canonical, RecordWriter.Write(RecordReader.Read(JsonSerializer.SerializeToUtf8Bytes(vector.GetProperty("record")))));
            Assert.Equal(vector.GetProperty("leaf_hash").GetString(), Convert.ToHexStringLower(MerkleHash.Leaf(canonical)));
        }
    }

    [Fact]
    public void A_log_of_three_leaves_has_its_root_and_its_signed_note()
    {
        using var vectors = Vectors();
        var log = vectors.RootElement.GetProperty("log");
        var tree = new CompactRange();
        foreach (var name in log.GetProperty("leaves").EnumerateArray())
        {
            var vector = vectors.RootElement.GetProperty("records").EnumerateArray().Single(r => r.GetProperty("name").GetString() == name.GetString());
            tree.Append(MerkleHash.Leaf(Encoding.UTF8.GetBytes(vector.GetProperty("canonical").GetString()!)));
        }

        using var key = Key.Import(SignatureAlgorithm.Ed25519, Convert.FromHexString(log.GetProperty("private_key_seed").GetString()!), KeyBlobFormat.RawPrivateKey);
        var origin = log.GetProperty("origin").GetString()!;
        var signer = new NoteSigner(origin, key);
        Assert.Equal(log.GetProperty("root").GetString(), Convert.ToBase64String(tree.Root()));
        Assert.Equal(log.GetProperty("verifier_key").GetString(), signer.VerifierKey.ToString());

        // Ed25519 is deterministic (RFC 8032 §5.1.6), so the note is one exact text.
        Assert.Equal(log.GetProperty("note").GetString(), signer.Sign(new Checkpoint(origin, 3, tree.Root()).ToText()));
    }

    [Fact]
    public void Schema_and_writer_name_the_same_members()
    {
        using var schema = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Repository(), "schemas", "record.schema.json")));
        foreach (var record in RecordTests.OneOfEach.Select(r => r.Data))
        {
            using var json = JsonDocument.Parse(RecordWriter.Write(record));
            var properties = schema.RootElement.GetProperty("$defs").GetProperty(record.Type).GetProperty("properties");
            foreach (var member in json.RootElement.EnumerateObject())
            {
                Assert.True(properties.TryGetProperty(member.Name, out _), $"{record.Type}.{member.Name}");
            }

            foreach (var required in schema.RootElement.GetProperty("$defs").GetProperty(record.Type).GetProperty("required").EnumerateArray())
            {
                Assert.True(json.RootElement.TryGetProperty(required.GetString()!, out _), $"{record.Type}.{required}");
            }
        }
    }

    private static JsonDocument Vectors() => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Repository(), "docs", "record-format.vectors.json")));

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "LocalFirst.Guard.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException("The repository is not above the test's folder.");
    }
}
