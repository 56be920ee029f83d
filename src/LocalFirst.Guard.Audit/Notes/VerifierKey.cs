using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NSec.Cryptography;

namespace LocalFirst.Guard.Audit.Notes;

/// <summary>A named Ed25519 key that checks signed notes (C2SP signed-note, "Verifier keys"): <c>name+hex(key id)+base64(0x01 ‖ public key)</c>.</summary>
internal sealed class VerifierKey
{
    /// <summary>Signature type of plain Ed25519 in C2SP signed-note.</summary>
    private const byte Ed25519Type = 1;

    private readonly PublicKey _key;

    public VerifierKey(string name, PublicKey key)
    {
        if (!IsName(name))
        {
            throw new FormatException("A key name is not empty and holds no space and no plus sign.");
        }

        Name = name;
        _key = key;
        Id = KeyId(name, key.Export(KeyBlobFormat.RawPublicKey));
    }

    public string Name { get; }

    /// <summary>First four bytes of SHA-256(name ‖ LF ‖ 0x01 ‖ public key), big-endian.</summary>
    public uint Id { get; }

    /// <exception cref="FormatException">Not an Ed25519 verifier key.</exception>
    public static VerifierKey Parse(string text)
    {
        var parts = text.Split('+', 3);
        if (parts.Length != 3 || parts[1].Length != 8
            || !uint.TryParse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var id))
        {
            throw new FormatException("A verifier key is written name+8 hex digits+base64.");
        }

        var blob = Convert.FromBase64String(parts[2]);
        if (blob.Length != 33 || blob[0] != Ed25519Type
            || !PublicKey.TryImport(SignatureAlgorithm.Ed25519, blob.AsSpan(1), KeyBlobFormat.RawPublicKey, out var key))
        {
            throw new FormatException("The verifier key is not an Ed25519 key (type 1).");
        }

        var verifier = new VerifierKey(parts[0], key!);
        return verifier.Id == id ? verifier : throw new FormatException("The key id of the verifier key does not fit its name and key.");
    }

    public override string ToString() =>
        $"{Name}+{Id:x8}+{Convert.ToBase64String([Ed25519Type, .. _key.Export(KeyBlobFormat.RawPublicKey)])}";

    public bool Verify(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature) =>
        signature.Length == SignatureAlgorithm.Ed25519.SignatureSize && SignatureAlgorithm.Ed25519.Verify(_key, text, signature);

    public static bool IsName(string name) =>
        name.Length > 0 && !name.Any(c => char.IsWhiteSpace(c) || c == '+' || char.IsControl(c));

    private static uint KeyId(string name, byte[] publicKey)
    {
        var hash = SHA256.HashData([.. Encoding.UTF8.GetBytes(name), (byte)'\n', Ed25519Type, .. publicKey]);
        return BinaryPrimitives.ReadUInt32BigEndian(hash);
    }
}
