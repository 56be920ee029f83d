using System.Security.Cryptography;
using System.Text;
using LocalFirst.Guard.Audit.Notes;
using NSec.Cryptography;

namespace LocalFirst.Guard.Audit.Keys;

/// <summary>
/// What makes a fleet's server itself: the fleet's id, the key that signs policy bundles and the key that cosigns checkpoints. Made at the first run;
/// devices pin both public keys when they enrol, so these files belong into the server's backup.
/// </summary>
public sealed class FleetKeys : IDisposable
{
    private readonly Key _policy;
    private readonly Key _witness;

    private FleetKeys(string fleetId, Key policy, Key witness)
    {
        FleetId = fleetId;
        _policy = policy;
        _witness = witness;
        BundleSigner = new NoteSigner($"localfirst-guard-policy/{fleetId}", policy);
        Cosigner = new Cosigner($"localfirst-guard-witness/{fleetId}", witness);
    }

    /// <summary>Random 128 bits as 32 lower-case hex digits.</summary>
    public string FleetId { get; }

    /// <summary>Signs policy bundles.</summary>
    public NoteSigner BundleSigner { get; }

    /// <summary>Cosigns the devices' checkpoints.</summary>
    public Cosigner Cosigner { get; }

    /// <summary>Opens the keys, and makes them at the first run.</summary>
    /// <param name="folder">The server home's <c>keys</c> folder.</param>
    /// <exception cref="AuditException">They cannot be made or read, are damaged, or can be read by others.</exception>
    public static FleetKeys Open(string folder)
    {
        PrivateFile.EnsureFolder(folder);
        var idPath = Path.Combine(folder, "fleet-id");
        var id = Encoding.ASCII.GetString(PrivateFile.ReadOrCreate(idPath, () => Encoding.ASCII.GetBytes(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)) + "\n"))).TrimEnd('\n');
        if (id.Length != 32 || !id.All(char.IsAsciiHexDigitLower))
        {
            throw Damaged(idPath);
        }

        return new FleetKeys(id, KeyOf(Path.Combine(folder, "policy.key")), KeyOf(Path.Combine(folder, "witness.key")));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _policy.Dispose();
        _witness.Dispose();
    }

    private static Key KeyOf(string path)
    {
        var pem = PrivateFile.ReadOrCreate(path, DeviceKeys.NewPrivateKey);
        try
        {
            return Key.Import(SignatureAlgorithm.Ed25519, pem, KeyBlobFormat.PkixPrivateKeyText);
        }
        catch (FormatException)
        {
            throw Damaged(path);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pem);
        }
    }

    private static AuditException Damaged(string path) =>
        new($"The file {path} is damaged: it does not hold what it should.\n  → Put it back from a backup. With new keys every device would have to enrol again.");
}
