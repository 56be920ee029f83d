using System.Security.Cryptography;
using System.Text;
using LocalFirst.Guard.Audit.Notes;
using NSec.Cryptography;

namespace LocalFirst.Guard.Audit.Keys;

/// <summary>
/// What makes this device itself: its id, its Ed25519 key, the key of its keyed hashes, and the checkpoint kept outside the database. Made at the
/// first run, never changed here. The private key is made last, so that its presence proves that everything else had been there.
/// </summary>
internal sealed class DeviceKeys : IDisposable
{
    public const string IdFile = "device-id";
    public const string PrivateKeyFile = "device.key";
    public const string PublicKeyFile = "device.pub";
    public const string CorrelationKeyFile = "correlation.key";

    private const int CorrelationKeyBytes = 32;
    private const int CorrelationBytes = 16;

    private readonly Key _key;
    private readonly byte[] _correlationKey;

    private DeviceKeys(string deviceId, Key key, byte[] correlationKey, bool isNew)
    {
        DeviceId = deviceId;
        _key = key;
        _correlationKey = correlationKey;
        IsNew = isNew;
    }

    /// <summary>Random 128 bits as 32 lower-case hex digits.</summary>
    public string DeviceId { get; }

    /// <summary>Whether this run made the device key.</summary>
    public bool IsNew { get; }

    public PublicKey PublicKey => _key.PublicKey;

    /// <exception cref="AuditException">A key cannot be made or read, is damaged, or can be read by others.</exception>
    public static DeviceKeys LoadOrCreate(string folder)
    {
        PrivateFile.EnsureFolder(folder);
        var keyPath = Path.Combine(folder, PrivateKeyFile);
        var isNew = !File.Exists(keyPath);
        var id = PrivateFile.ReadOrCreate(Path.Combine(folder, IdFile), () => Encoding.ASCII.GetBytes(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)) + "\n"));
        var deviceId = ParseId(id, Path.Combine(folder, IdFile));
        var correlationPath = Path.Combine(folder, CorrelationKeyFile);
        var correlation = PrivateFile.ReadOrCreate(correlationPath, () => RandomNumberGenerator.GetBytes(CorrelationKeyBytes));
        if (correlation.Length != CorrelationKeyBytes)
        {
            throw Damaged(correlationPath);
        }

        if (isNew)
        {
            ForkGuard.Create(folder);
        }

        var pem = PrivateFile.ReadOrCreate(keyPath, NewPrivateKey);
        Key key;
        try
        {
            key = Key.Import(SignatureAlgorithm.Ed25519, pem, KeyBlobFormat.PkixPrivateKeyText);
        }
        catch (FormatException)
        {
            throw Damaged(keyPath);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pem);
        }

        KeepPublicKey(Path.Combine(folder, PublicKeyFile), key);
        return new DeviceKeys(deviceId, key, correlation, isNew);
    }

    /// <summary>Id and public key, for reading and verifying without touching the private key.</summary>
    /// <exception cref="AuditException">They are missing or damaged.</exception>
    public static (string DeviceId, PublicKey Key) LoadPublic(string folder)
    {
        var path = Path.Combine(folder, PublicKeyFile);
        try
        {
            var id = ParseId(File.ReadAllBytes(Path.Combine(folder, IdFile)), Path.Combine(folder, IdFile));
            return (id, PublicKey.Import(SignatureAlgorithm.Ed25519, File.ReadAllBytes(path), KeyBlobFormat.PkixPublicKeyText));
        }
        catch (FormatException)
        {
            throw Damaged(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AuditException($"The device's id and public key cannot be read from {folder}.\n  → Name the home folder of this broker with --home DIR or GUARD_HOME.", e);
        }
    }

    public byte[] Sign(ReadOnlySpan<byte> message) => SignatureAlgorithm.Ed25519.Sign(_key, message);

    public NoteSigner SignerFor(long epoch) => new(new LogOrigin(DeviceId, epoch).ToString(), _key);

    /// <summary>HMAC-SHA-256 (RFC 2104) under the correlation key, first 16 bytes as lower-case hex.</summary>
    public string Correlate(ReadOnlySpan<byte> value)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_correlationKey, value, hash);
        return Convert.ToHexStringLower(hash[..CorrelationBytes]);
    }

    public void Dispose()
    {
        _key.Dispose();
        CryptographicOperations.ZeroMemory(_correlationKey);
    }

    internal static byte[] NewPrivateKey()
    {
        using var key = Key.Create(SignatureAlgorithm.Ed25519, new KeyCreationParameters { ExportPolicy = KeyExportPolicies.AllowPlaintextExport });
        return key.Export(KeyBlobFormat.PkixPrivateKeyText);
    }

    // The private key is the authority; its public half lies beside it only so that readers need no access to the private one.
    private static void KeepPublicKey(string path, Key key)
    {
        var content = key.PublicKey.Export(KeyBlobFormat.PkixPublicKeyText);
        try
        {
            if (!File.Exists(path) || !File.ReadAllBytes(path).AsSpan().SequenceEqual(content))
            {
                PrivateFile.Replace(path, content);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AuditException($"The file {path} cannot be written.\n  → Check that the folder is yours and writable, and that the disk is not full.", e);
        }
    }

    private static string ParseId(byte[] content, string path)
    {
        var id = Encoding.ASCII.GetString(content).TrimEnd('\n');
        return id.Length == 32 && id.All(char.IsAsciiHexDigitLower) ? id : throw Damaged(path);
    }

    private static AuditException Damaged(string path) =>
        new($"The file {path} is damaged: it does not hold what it should.\n  → Put it back from a backup; or move the whole keys folder away, and the broker makes new keys and begins a new log epoch.");
}
