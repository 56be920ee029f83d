using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using NSec.Cryptography;

namespace LocalFirst.Guard.Audit.Notes;

/// <summary>A named Ed25519 key that checks signed notes (C2SP signed-note, "Verifier keys"): <c>name+hex(key id)+base64(0x01 ‖ public key)</c>.</summary>
public sealed class VerifierKey
{
    /// <summary>Signature type of plain Ed25519 in C2SP signed-note.</summary>
    private const byte Ed25519Type = 1;

    private readonly PublicKey _key;

    /// <summary>Names a key.</summary>
    /// <param name="name">Key name: no white space, no plus sign.</param>
    /// <param name="key">Ed25519 public key.</param>
    /// <exception cref="FormatException">Not a key name.</exception>
    public VerifierKey(string name, PublicKey key)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(key);
        if (!IsName(name))
        {
            throw new FormatException("A key name is not empty and holds no space and no plus sign.");
        }

        Name = name;
        _key = key;
        Id = KeyId(name, key.Export(KeyBlobFormat.RawPublicKey));
    }

    /// <summary>Key name; of a log it is the origin line.</summary>
    public string Name { get; }

    /// <summary>First four bytes of SHA-256(name ‖ LF ‖ 0x01 ‖ public key), big-endian.</summary>
    public uint Id { get; }

    /// <summary>Reads a verifier key.</summary>
    /// <param name="text">As C2SP signed-note writes it.</param>
    /// <exception cref="FormatException">Not an Ed25519 verifier key.</exception>
    public static VerifierKey Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parts = text.Split('+', 3);
        if (parts.Length != 3 || !StrictText.TryParseKeyId(parts[1], out var id))
        {
            throw new FormatException("A verifier key is written name+8 hex digits+base64.");
        }

        var blob = StrictText.FromBase64(parts[2]);
        if (blob.Length != 33 || blob[0] != Ed25519Type
            || !PublicKey.TryImport(SignatureAlgorithm.Ed25519, blob.AsSpan(1), KeyBlobFormat.RawPublicKey, out var key))
        {
            throw new FormatException("The verifier key is not an Ed25519 key (type 1).");
        }

        var verifier = new VerifierKey(parts[0], key!);
        return verifier.Id == id ? verifier : throw new FormatException("The key id of the verifier key does not fit its name and key.");
    }

    /// <summary>The key as C2SP signed-note writes it.</summary>
    public override string ToString() =>
        $"{Name}+{Id:x8}+{Convert.ToBase64String([Ed25519Type, .. _key.Export(KeyBlobFormat.RawPublicKey)])}";

    /// <summary>Whether a signature is this key's over a text (RFC 8032).</summary>
    /// <param name="text">The signed bytes.</param>
    /// <param name="signature">64 bytes; any other length is no signature.</param>
    public bool Verify(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature) =>
        signature.Length == SignatureAlgorithm.Ed25519.SignatureSize && SignatureAlgorithm.Ed25519.Verify(_key, text, signature);

    /// <summary>Whether a text can be a key name.</summary>
    /// <param name="name">The text.</param>
    public static bool IsName(string name) =>
        name is not null && name.Length > 0 && !name.Any(c => char.IsWhiteSpace(c) || c == '+' || char.IsControl(c));

    private static uint KeyId(string name, byte[] publicKey)
    {
        var hash = SHA256.HashData([.. Encoding.UTF8.GetBytes(name), (byte)'\n', Ed25519Type, .. publicKey]);
        return BinaryPrimitives.ReadUInt32BigEndian(hash);
    }
}
