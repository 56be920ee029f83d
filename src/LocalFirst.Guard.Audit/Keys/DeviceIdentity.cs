using NSec.Cryptography;

namespace LocalFirst.Guard.Audit.Keys;

/// <summary>Who this device is towards its fleet's server: its id, and the key that it proves it with. Usable beside a running broker.</summary>
public sealed class DeviceIdentity : IDisposable
{
    private readonly DeviceKeys _keys;

    private DeviceIdentity(DeviceKeys keys) => _keys = keys;

    /// <summary>32 lower-case hex digits.</summary>
    public string DeviceId => _keys.DeviceId;

    /// <summary>Raw Ed25519 public key, 32 bytes.</summary>
    public byte[] PublicKey => _keys.PublicKey.Export(KeyBlobFormat.RawPublicKey);

    /// <summary>Opens the keys, and makes them at the first run.</summary>
    /// <param name="keysFolder">The home's <c>keys</c> folder.</param>
    /// <exception cref="AuditException">They cannot be used.</exception>
    public static DeviceIdentity Open(string keysFolder) => new(DeviceKeys.LoadOrCreate(keysFolder));

    /// <summary>Ed25519 signature (RFC 8032), 64 bytes.</summary>
    /// <param name="message">What is signed. The caller sees to it that it cannot be taken for a checkpoint: those begin with their origin.</param>
    public byte[] Sign(ReadOnlySpan<byte> message) => _keys.Sign(message);

    /// <inheritdoc/>
    public void Dispose() => _keys.Dispose();
}
