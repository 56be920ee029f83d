using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NSec.Cryptography;

namespace LocalFirst.Guard.Audit.Notes;

/// <summary>
/// Cosigns checkpoints of other logs with the time at which they were seen (C2SP tlog-cosignature, <c>cosignature/v1</c>, signature type 0x04). The
/// key belongs to the caller, who disposes it.
/// </summary>
/// <param name="name">Key name.</param>
/// <param name="key">Ed25519 private key.</param>
public sealed class Cosigner(string name, Key key)
{
    /// <summary>Signature type of timestamped Ed25519 cosignatures.</summary>
    internal const byte CosignatureType = 4;

    private readonly uint _id = CosignatureKey.KeyId(name, key.PublicKey.Export(KeyBlobFormat.RawPublicKey));

    /// <summary>The key that checks cosignatures, as C2SP writes it: <c>name+hex(key id)+base64(0x04 ‖ public key)</c>.</summary>
    public string VerifierKey =>
        $"{name}+{_id:x8}+{Convert.ToBase64String([CosignatureType, .. key.PublicKey.Export(KeyBlobFormat.RawPublicKey)])}";

    /// <summary>One signature line, with its line feed.</summary>
    /// <param name="checkpoint">Text of the checkpoint, with its final line feed.</param>
    /// <param name="time">When it was seen; whole seconds count.</param>
    public string SignatureLine(string checkpoint, DateTimeOffset time)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        var seconds = time.ToUnixTimeSeconds();
        var blob = new byte[4 + 8 + SignatureAlgorithm.Ed25519.SignatureSize];
        BinaryPrimitives.WriteUInt32BigEndian(blob, _id);
        BinaryPrimitives.WriteInt64BigEndian(blob.AsSpan(4), seconds);
        SignatureAlgorithm.Ed25519.Sign(key, CosignatureKey.Message(checkpoint, seconds), blob.AsSpan(12));
        return $"{SignedNote.LinePrefix}{name} {Convert.ToBase64String(blob)}\n";
    }
}

/// <summary>Checks cosignatures (C2SP tlog-cosignature).</summary>
public sealed class CosignatureKey
{
    private readonly string _name;
    private readonly uint _id;
    private readonly PublicKey _key;

    private CosignatureKey(string name, PublicKey key)
    {
        _name = name;
        _key = key;
        _id = KeyId(name, key.Export(KeyBlobFormat.RawPublicKey));
    }

    /// <summary>Reads a verifier key of type 0x04.</summary>
    /// <param name="text">As C2SP writes it.</param>
    /// <exception cref="FormatException">Not such a key.</exception>
    public static CosignatureKey Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var parts = text.Split('+', 3);
        if (parts.Length != 3 || !Notes.VerifierKey.IsName(parts[0]) || !StrictText.TryParseKeyId(parts[1], out var id))
        {
            throw new FormatException("A cosignature key is written name+8 hex digits+base64.");
        }

        var blob = StrictText.FromBase64(parts[2]);
        if (blob.Length != 33 || blob[0] != Cosigner.CosignatureType || !PublicKey.TryImport(SignatureAlgorithm.Ed25519, blob.AsSpan(1), KeyBlobFormat.RawPublicKey, out var key))
        {
            throw new FormatException("The cosignature key is not a timestamped Ed25519 key (type 4).");
        }

        var parsed = new CosignatureKey(parts[0], key!);
        return parsed._id == id ? parsed : throw new FormatException("The key id of the cosignature key does not fit its name and key.");
    }

    /// <summary>When this key cosigned a note; null when it did not, or when the signature does not hold.</summary>
    /// <param name="note">The note.</param>
    public DateTimeOffset? Verify(SignedNote note)
    {
        ArgumentNullException.ThrowIfNull(note);
        foreach (var signature in note.SignaturesOf(_name, _id))
        {
            if (signature.Length != 8 + SignatureAlgorithm.Ed25519.SignatureSize)
            {
                continue;
            }

            var seconds = BinaryPrimitives.ReadInt64BigEndian(signature);
            if (seconds is >= 0 and < 253402300800 && SignatureAlgorithm.Ed25519.Verify(_key, Message(note.Text, seconds), signature.AsSpan(8)))
            {
                return DateTimeOffset.FromUnixTimeSeconds(seconds);
            }
        }

        return null;
    }

    internal static byte[] Message(string checkpoint, long seconds) =>
        Encoding.UTF8.GetBytes($"cosignature/v1\ntime {seconds.ToString(CultureInfo.InvariantCulture)}\n{checkpoint}");

    internal static uint KeyId(string name, byte[] publicKey) =>
        BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData([.. Encoding.UTF8.GetBytes(name), (byte)'\n', Cosigner.CosignatureType, .. publicKey]));
}
