using System.Buffers.Binary;
using System.Text;
using NSec.Cryptography;

namespace LocalFirst.Guard.Audit.Notes;

/// <summary>Signs notes under one key name (C2SP signed-note). The key belongs to the caller, who disposes it.</summary>
/// <param name="name">Key name.</param>
/// <param name="key">Ed25519 private key.</param>
public sealed class NoteSigner(string name, Key key)
{
    /// <summary>The key that checks what this signs.</summary>
    public VerifierKey VerifierKey { get; } = new(name, key.PublicKey);

    /// <summary>The note: the text, an empty line, one signature line.</summary>
    /// <param name="text">Ends with a line feed.</param>
    public string Sign(string text)
    {
        var signature = new byte[4 + SignatureAlgorithm.Ed25519.SignatureSize];
        BinaryPrimitives.WriteUInt32BigEndian(signature, VerifierKey.Id);
        SignatureAlgorithm.Ed25519.Sign(key, Encoding.UTF8.GetBytes(text), signature.AsSpan(4));
        return $"{text}\n{SignedNote.LinePrefix}{VerifierKey.Name} {Convert.ToBase64String(signature)}\n";
    }
}
