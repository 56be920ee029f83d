using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace LocalFirst.Guard.Interception.Certificates;

/// <summary>
/// Makes an authority: a root signs one intermediate, and the root's key is gone when this returns; it never leaves this method. Both
/// are constrained to the hosts: a verifier need not heed constraints on a trust anchor (RFC 5280 §6.2), so the intermediate has them too, and
/// without the root's key nobody can sign another.
/// </summary>
internal static class AuthorityCeremony
{
    /// <summary>id-kp-serverAuth, RFC 5280 §4.2.1.12.</summary>
    internal const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>Each renewal is a new trust step for the whole machine, so not shorter; a stolen key is worth something this long, so not longer.</summary>
    internal static readonly TimeSpan Lifetime = TimeSpan.FromDays(2 * 365);

    /// <summary>Clocks of containers and virtual machines lag; a certificate valid from this very second fails there.</summary>
    internal static readonly TimeSpan ClockSkew = TimeSpan.FromHours(1);

    public static AuthorityMaterial Perform(IReadOnlyCollection<string> hosts, DateTimeOffset now)
    {
        var constraints = NameConstraints.ForHosts(hosts.Order(StringComparer.Ordinal));

        // The random word keeps two authorities of one day apart: stores such as NSS know a certificate by its subject.
        var name = $"{Environment.MachineName} {now:yyyy-MM-dd} {Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}";
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var rootRequest = new CertificateRequest(NameOf($"LocalFirst.Guard {name}"), rootKey, HashAlgorithmName.SHA256);
        AddAuthorityExtensions(rootRequest, pathLength: 1, constraints);
        using var rootWithKey = rootRequest.CreateSelfSigned(now - ClockSkew, now + Lifetime);

        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(NameOf($"LocalFirst.Guard intermediate {name}"), key, HashAlgorithmName.SHA256);
        AddAuthorityExtensions(request, pathLength: 0, constraints);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication)], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(rootWithKey, true, false));
        var intermediate = request.Create(rootWithKey, rootWithKey.NotBefore, rootWithKey.NotAfter, Serial());
        return new AuthorityMaterial(X509CertificateLoader.LoadCertificate(rootWithKey.RawData), intermediate, key);
    }

    internal static byte[] Serial()
    {
        // RFC 5280 §4.1.2.2: positive, at most 20 octets; CA/Browser Forum: at least 64 random bits.
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7f) | 0x01);
        return serial;
    }

    private static X500DistinguishedName NameOf(string commonName)
    {
        const int longest = 64; // ub-common-name, RFC 5280 appendix A.1
        var name = new X500DistinguishedNameBuilder();
        name.AddOrganizationName("LocalFirst.Guard");
        name.AddCommonName(commonName.Length <= longest ? commonName : commonName[^longest..]);
        return name.Build();
    }

    private static void AddAuthorityExtensions(CertificateRequest request, int pathLength, X509Extension constraints)
    {
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, pathLength, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        request.CertificateExtensions.Add(constraints);
    }
}

/// <summary>What an authority consists of: the root without a key, and the intermediate with its own.</summary>
internal sealed record AuthorityMaterial(X509Certificate2 Root, X509Certificate2 Intermediate, ECDsa Key) : IDisposable
{
    public void Dispose()
    {
        Root.Dispose();
        Intermediate.Dispose();
        Key.Dispose();
    }
}
