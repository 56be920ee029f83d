using LocalFirst.Guard.Audit.Notes;
using NSec.Cryptography;
using Xunit;

namespace LocalFirst.Guard.Conformance.Audit;

/// <summary>The note of C2SP's specification and the checkpoints of tessera's test log.</summary>
public sealed class NoteConformanceTests
{
    [Fact]
    public void The_specification_s_note_verifies_and_a_changed_one_does_not()
    {
        foreach (var vector in AuditVectors.Document("c2sp_notes.json").GetProperty("notes").EnumerateArray())
        {
            var key = VerifierKey.Parse(vector.GetProperty("vkey").GetString()!);
            var text = vector.GetProperty("text").GetString()!;
            var line = vector.GetProperty("sig_line").GetString()!;
            Assert.Equal(vector.GetProperty("vkey").GetString(), key.ToString());
            Assert.Equal(NoteVerdict.Good, SignedNote.Parse($"{text}\n{line}\n").Verify(key));
            Assert.Equal(NoteVerdict.Bad, SignedNote.Parse($"x{text}\n{line}\n").Verify(key));
        }
    }

    [Fact]
    public void Every_checkpoint_of_a_known_log_verifies_and_is_signed_again_to_the_byte()
    {
        var log = AuditVectors.Document("c2sp_notes.json").GetProperty("tlog_tiles_log");
        var key = VerifierKey.Parse(log.GetProperty("vkey").GetString()!);
        var seed = Convert.FromBase64String(log.GetProperty("skey_published_test_key").GetString()!.Split('+', 5)[4])[1..];
        using var own = Key.Import(SignatureAlgorithm.Ed25519, seed, KeyBlobFormat.RawPrivateKey);
        var signer = new NoteSigner(log.GetProperty("origin").GetString()!, own);
        var checkpoints = log.GetProperty("checkpoints").EnumerateObject().ToList();
        Assert.Equal(16, checkpoints.Count);
        foreach (var checkpoint in checkpoints)
        {
            var note = SignedNote.Parse(checkpoint.Value.GetString()!);
            var parsed = Checkpoint.Parse(note.Text);
            Assert.Equal(NoteVerdict.Good, note.Verify(key));
            Assert.Equal(checkpoint.Name, parsed.Size.ToString(System.Globalization.CultureInfo.InvariantCulture));
            Assert.Equal(checkpoint.Value.GetString(), signer.Sign(parsed.ToText()));
        }
    }
}
