using FsCheck.Xunit;
using LocalFirst.Guard.Audit.Merkle;
using LocalFirst.Guard.Audit.Notes;
using NSec.Cryptography;
using Xunit;

namespace LocalFirst.Guard.Tests.Audit;

public sealed class SignedNoteTests
{
    private const string Origin = "localfirst-guard/00112233445566778899aabbccddeeff/1";

    [Fact]
    public void A_note_verifies_under_its_key_and_under_no_other()
    {
        using var key = Key.Create(SignatureAlgorithm.Ed25519);
        using var other = Key.Create(SignatureAlgorithm.Ed25519);
        var signer = new NoteSigner(Origin, key);
        var note = SignedNote.Parse(signer.Sign(new Checkpoint(Origin, 3, MerkleHash.EmptyRoot()).ToText()));
        Assert.Equal(NoteVerdict.Good, note.Verify(signer.VerifierKey));
        Assert.Equal(NoteVerdict.Good, note.Verify(VerifierKey.Parse(signer.VerifierKey.ToString())));
        Assert.Equal(NoteVerdict.Unknown, note.Verify(new NoteSigner(Origin, other).VerifierKey));
        Assert.Equal(NoteVerdict.Unknown, note.Verify(new NoteSigner("other/name/1", key).VerifierKey));
    }

    [Fact]
    public void A_changed_text_makes_the_signature_bad()
    {
        using var key = Key.Create(SignatureAlgorithm.Ed25519);
        var signer = new NoteSigner(Origin, key);
        var note = signer.Sign(new Checkpoint(Origin, 3, MerkleHash.EmptyRoot()).ToText()).Replace("\n3\n", "\n4\n", StringComparison.Ordinal);
        Assert.Equal(NoteVerdict.Bad, SignedNote.Parse(note).Verify(signer.VerifierKey));
    }

    [Theory]
    [InlineData("o\n03\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("o\n+3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("o\n00\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("o\n9007199254740992\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("o\n3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n")]
    [InlineData("o\n3\n47DEQpj8HBSa+/TImW+5JCe uQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("o\n3\n47DEQpj8HBSa\n")]
    [InlineData("\n3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("o\n3\n")]
    [InlineData("")]
    public void What_is_no_checkpoint_is_refused(string text) =>
        Assert.Throws<FormatException>(() => Checkpoint.Parse(text));

    [Fact]
    public void Extension_lines_of_a_checkpoint_are_ignored() =>
        Assert.Equal(3, Checkpoint.Parse("o\n3\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nextension\n").Size);

    [Theory]
    [InlineData("localfirst-guard/d/01")]
    [InlineData("localfirst-guard/d/0")]
    [InlineData("localfirst-guard/d/+1")]
    [InlineData("localfirst-guard/d/1 ")]
    [InlineData("localfirst-guard/d/1/")]
    [InlineData("localfirst-guard/d/")]
    [InlineData("localfirst-guard//1")]
    [InlineData("localfirst-guard/d/99999999999999999999")]
    public void An_origin_that_is_written_in_another_way_is_none(string origin) =>
        Assert.Throws<FormatException>(() => LogOrigin.Parse(origin));

    [Fact]
    public void An_origin_is_read_as_it_is_written() =>
        Assert.Equal("localfirst-guard/d/10", LogOrigin.Parse("localfirst-guard/d/10").ToString());

    [Theory]
    [InlineData("old 01\n\nnote")]
    [InlineData("old +1\n\nnote")]
    [InlineData("old \n\nnote")]
    [InlineData("old 1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n\nnote")]
    public void An_add_checkpoint_body_that_is_written_in_another_way_is_none(string body) =>
        Assert.Throws<FormatException>(() => LocalFirst.Guard.Audit.Ingest.CheckpointRequest.Parse(body));

    [Theory]
    [InlineData("name")]
    [InlineData("example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    [InlineData("name+00000000+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    [InlineData("with space+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    [InlineData("example.com/foo+530d903a+!!!")]
    public void What_is_no_verifier_key_is_refused(string text) =>
        Assert.Throws<FormatException>(() => VerifierKey.Parse(text));

    [Property]
    public void Parsing_any_text_gives_a_note_or_a_format_error(string text)
    {
        foreach (var attempt in new[] { text ?? "", $"{text}\n\n— a {text}\n", "a\n\n— a AAAA\n" })
        {
            try
            {
                SignedNote.Parse(attempt);
            }
            catch (FormatException)
            {
                // Said so: that is all right.
            }
        }
    }
}
