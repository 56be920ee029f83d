using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using LocalFirst.Guard.Interception.Certificates.KeyProtection;

namespace LocalFirst.Guard.Interception.Certificates;

/// <summary>
/// The machine's own certificate authority: a P-256 root that exists on this machine only and whose key was destroyed once it had signed one
/// intermediate. Both can vouch for the given hosts and no others. Leafs are short-lived, have exactly one DNS name (no HTTP/2
/// coalescing over hosts) and share one key that never touches the disk.
/// </summary>
public sealed class CertificateAuthority : IDisposable
{
    /// <summary>File of the root certificate (PEM) in the CA folder: what clients trust.</summary>
    public const string RootFile = "root.pem";

    /// <summary>File of the authority itself (PEM, mode 0600) in the CA folder: root, intermediate, the intermediate's key.</summary>
    public const string AuthorityFileName = "authority.pem";

    /// <summary>File of the root's key in versions before there was an intermediate; removed when met.</summary>
    internal const string LegacyKeyFile = "root.key";

    internal const string ServerAuthentication = AuthorityCeremony.ServerAuthentication;

    /// <summary>A new authority is made (or asked for) this long before the old one ends.</summary>
    public static readonly TimeSpan RenewBefore = TimeSpan.FromDays(60);

    private static readonly TimeSpan LeafLifetime = TimeSpan.FromDays(7);

    private readonly AuthorityMaterial _material;
    private readonly X509Certificate2 _signer;
    private readonly HashSet<string> _hosts;
    private readonly ECDsa _leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly TimeProvider _time;

    private CertificateAuthority(AuthorityMaterial material, TimeProvider time, string? notice)
    {
        _material = material;
        _signer = material.Intermediate.CopyWithPrivateKey(material.Key);
        _hosts = [.. NameConstraints.PermittedHosts(material.Intermediate) ?? []];
        _time = time;
        Notice = notice;
    }

    /// <summary>The root certificate, PEM.</summary>
    public string RootPem => _material.Root.ExportCertificatePem();

    /// <summary>SHA-256 thumbprint of the root, hex.</summary>
    public string Thumbprint => _material.Root.GetCertHashString(HashAlgorithmName.SHA256);

    /// <summary>The certificates that a server sends after its leaf.</summary>
    public X509Certificate2Collection Chain => [_material.Intermediate];

    /// <summary>What a person must know about this opening (a new root, a host that is not covered, an end that comes near), and what to do; null when all is as it was.</summary>
    public string? Notice { get; }

    internal DateTimeOffset Now => _time.GetUtcNow();

    /// <summary>
    /// Opens the authority of a folder. It is made on first run, and made anew when it cannot serve: its hosts have changed, it ends within 60 days,
    /// or it is of the older form whose root kept its key.
    /// </summary>
    /// <param name="folder">The CA folder; made if it is missing.</param>
    /// <param name="hosts">Full host names, lower case: the only ones for which it may vouch.</param>
    /// <param name="time">The clock.</param>
    /// <param name="mayReplace">
    /// Whether an authority that exists may be replaced. False where its root is installed in trust stores: then the replacement is <c>guard setup</c>'s, which
    /// trusts the new root in the same step, and until then the old one goes on as far as it can.
    /// </param>
    /// <exception cref="CertificateAuthorityException">It is unreadable, open to others, or of no use and may not be replaced.</exception>
    public static CertificateAuthority OpenOrCreate(string folder, IReadOnlyCollection<string> hosts, TimeProvider time, bool mayReplace = true) =>
        OpenOrCreate(folder, hosts, time, mayReplace, KeyProtections.OfThisSystem(), _ => { });

    /// <summary>Makes a new authority in the place of the one in the folder; clients have to trust the new root.</summary>
    /// <param name="folder">The CA folder; made if it is missing.</param>
    /// <param name="hosts">Full host names, lower case.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="CertificateAuthorityException">It cannot be written.</exception>
    public static CertificateAuthority Replace(string folder, IReadOnlyCollection<string> hosts, TimeProvider time) =>
        Replace(folder, hosts, time, KeyProtections.OfThisSystem(), _ => { });

    /// <summary>Reads what can be told about a folder's authority without its key.</summary>
    /// <param name="folder">The CA folder.</param>
    /// <returns>Null when there is none.</returns>
    /// <exception cref="CertificateAuthorityException">It cannot be read.</exception>
    public static CertificateAuthorityState? ReadState(string folder)
    {
        var path = Path.Combine(folder, AuthorityFileName);
        var legacy = File.Exists(Path.Combine(folder, LegacyKeyFile));
        if (!File.Exists(path) && !legacy)
        {
            return null;
        }

        try
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPemFile(legacy && !File.Exists(path) ? Path.Combine(folder, RootFile) : path);
            return new CertificateAuthorityState(
                certificates[0].GetCertHashString(HashAlgorithmName.SHA256),
                certificates[0].NotAfter.ToUniversalTime(),
                certificates.Count < 2 ? [] : NameConstraints.PermittedHosts(certificates[1]) ?? [],
                legacy,
                KeyProtections.OfThisSystem().Description);
        }
        catch (Exception e) when (IsUnreadable(e))
        {
            throw Unreadable(folder, e);
        }
    }

    internal static CertificateAuthority OpenOrCreate(string folder, IReadOnlyCollection<string> hosts, TimeProvider time, bool mayReplace, IKeyProtection protection, Action<string> reached)
    {
        ArgumentNullException.ThrowIfNull(hosts);
        ArgumentNullException.ThrowIfNull(time);
        var file = new AuthorityFile(folder, protection);
        try
        {
            if (!file.Exists)
            {
                if (!file.HadRoot)
                {
                    return Replace(folder, hosts, time, protection, reached);
                }

                return mayReplace
                    ? Replace(folder, hosts, time, protection, reached, "Its root kept its key, or lost it, and an authority's root must have none.")
                    : throw new CertificateAuthorityException($"The certificate authority in {folder} is of an older form, whose root kept its key.", "Run guard setup --user: it makes a new one and trusts it.");
            }

            var material = file.Read();
            var now = time.GetUtcNow();
            var unfit = UnfitReason(material, hosts, now, out var isOver);

            // Before its time means that the clock is wrong, and a wrong clock must not cost the machine its authority.
            if (unfit is not null && mayReplace && now >= material.Root.NotBefore)
            {
                material.Dispose();
                return Replace(folder, hosts, time, protection, reached, unfit);
            }

            if (isOver)
            {
                throw new CertificateAuthorityException($"The certificate authority in {folder} is not valid now. {unfit}", "Check the clock; if it is right, run guard setup --user: it makes a new one and trusts it.");
            }

            file.CatchUp(material, reached);
            return new CertificateAuthority(material, time, unfit is null ? null : $"the certificate authority should be replaced. {unfit}\n  → Run guard setup --user: it makes a new one and trusts it.");
        }
        catch (Exception e) when (IsUnreadable(e))
        {
            throw Unreadable(folder, e);
        }
    }

    internal static CertificateAuthority Replace(string folder, IReadOnlyCollection<string> hosts, TimeProvider time, IKeyProtection protection, Action<string> reached, string? because = null)
    {
        try
        {
            var material = AuthorityCeremony.Perform(hosts, time.GetUtcNow());
            new AuthorityFile(folder, protection).Write(material, reached);
            return new CertificateAuthority(material, time, because is null ? null : $"a new certificate authority was made in {folder}. {because}\n  → Whatever trusted the old {RootFile} must trust the new one; guard exec and guard setup do so by themselves.");
        }
        catch (Exception e) when (IsUnreadable(e))
        {
            throw new CertificateAuthorityException($"The certificate authority cannot be written to {folder} ({e.GetType().Name}).", "Make sure that you can write there, or name another home with --home DIR.");
        }
    }

    /// <summary>Whether it may vouch for a host.</summary>
    /// <param name="host">DNS name, lower case.</param>
    public bool Covers(string host) => _hosts.Contains(host);

    /// <summary>Signs a server certificate for one host, valid for seven days at most.</summary>
    /// <param name="host">DNS name, lower case.</param>
    /// <exception cref="CertificateAuthorityException">The host is none of those for which this authority was made.</exception>
    public X509Certificate2 IssueLeaf(string host) => Covers(host)
        ? Sign(host)
        : throw new CertificateAuthorityException($"The certificate authority was made before {host} was in the catalogue and cannot vouch for it.", "Run guard setup --user: it makes a new one and trusts it.");

    /// <inheritdoc/>
    public void Dispose()
    {
        _signer.Dispose();
        _material.Dispose();
        _leafKey.Dispose();
    }

    /// <summary>Signs for any host; what clients make of one outside the constraints is what tests ask.</summary>
    internal X509Certificate2 Sign(string host)
    {
        var request = new CertificateRequest($"CN={(host.Length <= 64 ? host : "LocalFirst.Guard leaf")}", _leafKey, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_signer, true, false));

        var now = _time.GetUtcNow();
        var start = now - AuthorityCeremony.ClockSkew;
        var end = now + LeafLifetime;
        using var leaf = request.Create(
            _signer,
            start < _signer.NotBefore ? _signer.NotBefore : start,
            end < _signer.NotAfter ? end : _signer.NotAfter.ToUniversalTime(),
            AuthorityCeremony.Serial());
        using var withKey = leaf.CopyWithPrivateKey(_leafKey);
        if (!OperatingSystem.IsWindows())
        {
            return new X509Certificate2(withKey);
        }

        // SChannel takes no ephemeral keys.
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pkcs12), null);
    }

    private static string? UnfitReason(AuthorityMaterial material, IReadOnlyCollection<string> hosts, DateTimeOffset now, out bool isOver)
    {
        var root = material.Root;
        isOver = now < root.NotBefore || now > root.NotAfter;
        if (isOver || now > root.NotAfter - RenewBefore)
        {
            return $"It is valid from {root.NotBefore.ToUniversalTime():yyyy-MM-dd} to {root.NotAfter.ToUniversalTime():yyyy-MM-dd}.";
        }

        var covered = NameConstraints.PermittedHosts(material.Intermediate) ?? [];
        var missing = hosts.Except(covered, StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        return missing.Count == 0 ? null : $"It cannot vouch for {missing[0]}{(missing.Count == 1 ? "" : $" and {missing.Count - 1} other hosts")}, which the catalogue has by now.";
    }

    private static bool IsUnreadable(Exception e) => e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException;

    private static CertificateAuthorityException Unreadable(string folder, Exception e) =>
        new($"The certificate authority in {folder} cannot be read ({e.GetType().Name}).", "Restore the folder from a backup, or delete it to make a new one, and trust the new root.");
}

/// <summary>What can be told about an authority without its key.</summary>
/// <param name="Thumbprint">SHA-256 thumbprint of the root, hex.</param>
/// <param name="Ends">When root and intermediate end.</param>
/// <param name="Hosts">The hosts for which it may vouch; empty for the older form, which has no constraints.</param>
/// <param name="HasRootKey">Whether a root's key lies in the folder, as in the older form.</param>
/// <param name="KeyProtection">What protects the intermediate's key on this system.</param>
public sealed record CertificateAuthorityState(string Thumbprint, DateTimeOffset Ends, IReadOnlyList<string> Hosts, bool HasRootKey, string KeyProtection);

/// <summary>The certificate authority cannot be used. The message says what, where and what to do next.</summary>
public sealed class CertificateAuthorityException(string what, string next) : Exception($"{what}\n  → {next}");
