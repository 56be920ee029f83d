using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace LocalFirst.Guard.Interception.Certificates;

/// <summary>
/// The machine's own certificate authority: a P-256 root that exists on this machine only, made on first run, its key readable by its
/// owner alone. Leafs are short-lived, have exactly one DNS name (no HTTP/2 coalescing over hosts) and share one key that never
/// touches the disk.
/// </summary>
public sealed class CertificateAuthority : IDisposable
{
    /// <summary>File of the root certificate (PEM) in the CA folder: what clients trust.</summary>
    public const string RootFile = "root.pem";

    /// <summary>File of the root's private key (PKCS#8 PEM, mode 0600) in the CA folder.</summary>
    public const string KeyFile = "root.key";

    /// <summary>id-kp-serverAuth, RFC 5280 §4.2.1.12.</summary>
    internal const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    private static readonly TimeSpan RootLifetime = TimeSpan.FromDays(5 * 365);
    private static readonly TimeSpan LeafLifetime = TimeSpan.FromDays(7);

    /// <summary>Clocks of containers and virtual machines lag; a leaf valid from this very second fails there.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromHours(1);

    private readonly X509Certificate2 _root;
    private readonly ECDsa _leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly TimeProvider _time;

    private CertificateAuthority(X509Certificate2 root, TimeProvider time)
    {
        _root = root;
        _time = time;
    }

    /// <summary>The root certificate, PEM.</summary>
    public string RootPem => _root.ExportCertificatePem();

    /// <summary>SHA-256 thumbprint of the root, hex.</summary>
    public string Thumbprint => _root.GetCertHashString(HashAlgorithmName.SHA256);

    /// <summary>Opens the authority of a folder, making it on first run.</summary>
    /// <param name="folder">The CA folder; made if it is missing.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="CertificateAuthorityException">The files are unreadable, open to others, do not belong together or have expired.</exception>
    public static CertificateAuthority OpenOrCreate(string folder, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        var rootPath = Path.Combine(folder, RootFile);
        var keyPath = Path.Combine(folder, KeyFile);
        try
        {
            if (!File.Exists(rootPath) && !File.Exists(keyPath))
            {
                Create(folder, rootPath, keyPath, time);
            }

            RequirePrivate(keyPath);
            var root = X509Certificate2.CreateFromPemFile(rootPath, keyPath);
            var now = time.GetUtcNow();
            if (now < root.NotBefore || now > root.NotAfter)
            {
                throw new CertificateAuthorityException($"The certificate authority in {folder} is not valid now (valid {root.NotBefore:yyyy-MM-dd} to {root.NotAfter:yyyy-MM-dd}).", "Check the clock; if it is right, delete the folder and start again, and trust the new root.");
            }

            return new CertificateAuthority(root, time);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new CertificateAuthorityException($"The certificate authority in {folder} cannot be read ({e.GetType().Name}).", "Restore both files from a backup, or delete the folder to make a new one, and trust the new root.");
        }
    }

    /// <summary>Signs a server certificate for one host, valid for seven days.</summary>
    /// <param name="host">DNS name, lower case.</param>
    public X509Certificate2 IssueLeaf(string host)
    {
        var request = new CertificateRequest($"CN={(host.Length <= 64 ? host : "LocalFirst.Guard leaf")}", _leafKey, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_root, true, false));

        var now = _time.GetUtcNow();
        var end = now + LeafLifetime < _root.NotAfter ? now + LeafLifetime : _root.NotAfter.ToUniversalTime();
        using var leaf = request.Create(_root, now - ClockSkew < _root.NotBefore ? _root.NotBefore : now - ClockSkew, end, Serial());
        using var withKey = leaf.CopyWithPrivateKey(_leafKey);
        if (!OperatingSystem.IsWindows())
        {
            return new X509Certificate2(withKey);
        }

        // SChannel takes no ephemeral keys.
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _root.Dispose();
        _leafKey.Dispose();
    }

    internal DateTimeOffset Now => _time.GetUtcNow();

    private static void Create(string folder, string rootPath, string keyPath, TimeProvider time)
    {
        PrivateFiles.CreateFolder(folder);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=LocalFirst.Guard {Environment.MachineName} {time.GetUtcNow():yyyy-MM-dd}, O=LocalFirst.Guard", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = time.GetUtcNow();
        using var root = request.CreateSelfSigned(now - ClockSkew, now + RootLifetime);

        // The key first: a root without its key is an error that a person sees; a key without a root is overwritten by nobody.
        PrivateFiles.Write(keyPath, key.ExportPkcs8PrivateKeyPem());
        PrivateFiles.Write(rootPath, root.ExportCertificatePem() + "\n");
        if (!OperatingSystem.IsWindows())
        {
            const UnixFileMode readableByAll = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
            File.SetUnixFileMode(rootPath, readableByAll);
        }
    }

    private static void RequirePrivate(string keyPath)
    {
        const UnixFileMode others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(keyPath) & others) != 0)
        {
            throw new CertificateAuthorityException($"The key of the certificate authority, {keyPath}, is open to other users.", $"Run: chmod 600 {keyPath}  — and, if others may have read it, delete the folder and trust a new root.");
        }
    }

    private static byte[] Serial()
    {
        // RFC 5280 §4.1.2.2: positive, at most 20 octets; CA/Browser Forum: at least 64 random bits.
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7f) | 0x01);
        return serial;
    }
}

/// <summary>The certificate authority cannot be used. The message says what, where and what to do next.</summary>
public sealed class CertificateAuthorityException(string what, string next) : Exception($"{what}\n  → {next}");
