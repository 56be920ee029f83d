using System.Formats.Asn1;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace LocalFirst.Guard.EndToEnd.Provider;

/// <summary>What is wrong with the certificate of a provider, if anything.</summary>
public enum ProviderCertificate
{
    Good,
    UntrustedRoot,
    WrongName,
    Expired,
    NotYetValid,
    SelfSigned,

    /// <summary>The host's name in the subject alone, where RFC 9525 says nobody may look for it.</summary>
    CommonNameOnly,

    /// <summary>RSA with 1,024 bits.</summary>
    WeakKey,

    /// <summary>Signed with SHA-1.</summary>
    WeakSignature,

    /// <summary>Meant for clients (extended key usage).</summary>
    ClientPurpose,

    /// <summary>Issued by a certificate that is no authority.</summary>
    IssuedByALeaf,
}

/// <summary>A certificate authority made for one test run and kept in memory.</summary>
internal sealed class TestAuthority : IDisposable
{
    private const string Subject = "CN=Fake provider";
    private const string ServerPurpose = "1.3.6.1.5.5.7.3.1";
    private const string ClientPurpose = "1.3.6.1.5.5.7.3.2";

    private static readonly DateTimeOffset Start = DateTimeOffset.UtcNow.AddDays(-30);
    private static readonly DateTimeOffset End = DateTimeOffset.UtcNow.AddDays(30);

    private readonly X509Certificate2 _root;

    public TestAuthority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Throw-away authority of a fake provider", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        _root = request.CreateSelfSigned(Start, End);
    }

    /// <summary>The root, for <c>upstreamTrust</c>.</summary>
    public string Pem => _root.ExportCertificatePem();

    /// <summary>A certificate for <c>localhost</c>, or one with the given flaw.</summary>
    public X509Certificate2 Issue(ProviderCertificate kind)
    {
        switch (kind)
        {
            case ProviderCertificate.UntrustedRoot:
                using (var stranger = new TestAuthority())
                {
                    return stranger.Issue(ProviderCertificate.Good);
                }

            case ProviderCertificate.WrongName:
                return Issue(Names("somebody-else.invalid"), Start, End);
            case ProviderCertificate.Expired:
                return Issue(Localhost(), Start, DateTimeOffset.UtcNow.AddDays(-1));
            case ProviderCertificate.NotYetValid:
                return Issue(Localhost(), DateTimeOffset.UtcNow.AddDays(1), End);
            case ProviderCertificate.SelfSigned:
                using (var key = ECDsa.Create(ECCurve.NamedCurves.nistP256))
                {
                    return Prepare(new CertificateRequest(Subject, key, HashAlgorithmName.SHA256), Localhost(), ServerPurpose).CreateSelfSigned(Start, End);
                }

            case ProviderCertificate.CommonNameOnly:
                return Issue(null, Start, End, subject: "CN=localhost");
            case ProviderCertificate.WeakKey:
                using (var key = RSA.Create(1024))
                using (var certificate = Sign(Prepare(new CertificateRequest(Subject, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), Localhost(), ServerPurpose), Start, End, _root))
                {
                    return certificate.CopyWithPrivateKey(key);
                }

            case ProviderCertificate.WeakSignature:
                return Issue(Localhost(), Start, End, hash: HashAlgorithmName.SHA1);
            case ProviderCertificate.ClientPurpose:
                return Issue(Localhost(), Start, End, purpose: ClientPurpose);
            case ProviderCertificate.IssuedByALeaf:
                using (var leaf = Issue(Names("leaf.invalid"), Start, End))
                {
                    return Issue(Localhost(), Start, End, issuer: leaf);
                }

            default:
                return Issue(Localhost(), Start, End);
        }
    }

    /// <summary>A good certificate for a host.</summary>
    public X509Certificate2 Issue(string host) => Issue(Names(host), Start, End);

    public void Dispose() => _root.Dispose();

    private static SubjectAlternativeNameBuilder Names(string host)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        return names;
    }

    private static SubjectAlternativeNameBuilder Localhost()
    {
        var names = Names("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        return names;
    }

    private X509Certificate2 Issue(
        SubjectAlternativeNameBuilder? names,
        DateTimeOffset start,
        DateTimeOffset end,
        string subject = Subject,
        string purpose = ServerPurpose,
        HashAlgorithmName? hash = null,
        X509Certificate2? issuer = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = Prepare(new CertificateRequest(subject, key, hash ?? HashAlgorithmName.SHA256), names, purpose);
        using var certificate = Sign(request, start, end, issuer ?? _root);
        return certificate.CopyWithPrivateKey(key);
    }

    private static CertificateRequest Prepare(CertificateRequest request, SubjectAlternativeNameBuilder? names, string purpose)
    {
        if (names is not null)
        {
            request.CertificateExtensions.Add(names.Build());
        }

        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(purpose)], critical: false));
        return request;
    }

    private static X509Certificate2 Sign(CertificateRequest request, DateTimeOffset start, DateTimeOffset end, X509Certificate2 issuer)
    {
        using var key = issuer.GetECDsaPrivateKey()!;
        Span<byte> serial = stackalloc byte[16];
        RandomNumberGenerator.Fill(serial);
        return request.Create(issuer.SubjectName, new EcdsaSignature(key), start, end, serial);
    }

    /// <summary>Signs with SHA-1 too, which the platform's own generator has given up for good reason.</summary>
    private sealed class EcdsaSignature(ECDsa key) : X509SignatureGenerator
    {
        private readonly X509SignatureGenerator _usual = CreateForECDsa(key);

        public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm)
        {
            if (hashAlgorithm != HashAlgorithmName.SHA1)
            {
                return _usual.GetSignatureAlgorithmIdentifier(hashAlgorithm);
            }

            // RFC 3279 §2.2.3: ecdsa-with-SHA1 has no parameters.
            var writer = new AsnWriter(AsnEncodingRules.DER);
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier("1.2.840.10045.4.1");
            }

            return writer.Encode();
        }

        public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm) =>
            key.SignData(data, hashAlgorithm, DSASignatureFormat.Rfc3279DerSequence);

        protected override PublicKey BuildPublicKey() => _usual.PublicKey;
    }
}
