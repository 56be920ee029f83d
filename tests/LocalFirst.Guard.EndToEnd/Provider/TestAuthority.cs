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
}

/// <summary>A certificate authority made for one test run and kept in memory.</summary>
internal sealed class TestAuthority : IDisposable
{
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
        if (kind == ProviderCertificate.UntrustedRoot)
        {
            using var stranger = new TestAuthority();
            return stranger.Issue(ProviderCertificate.Good);
        }

        var names = new SubjectAlternativeNameBuilder();
        if (kind == ProviderCertificate.WrongName)
        {
            names.AddDnsName("somebody-else.invalid");
        }
        else
        {
            names.AddDnsName("localhost");
            names.AddIpAddress(IPAddress.Loopback);
        }

        return Issue(names, kind == ProviderCertificate.Expired ? DateTimeOffset.UtcNow.AddDays(-1) : End);
    }

    /// <summary>A good certificate for a host.</summary>
    public X509Certificate2 Issue(string host)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        return Issue(names, End);
    }

    public void Dispose() => _root.Dispose();

    private X509Certificate2 Issue(SubjectAlternativeNameBuilder names, DateTimeOffset end)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Fake provider", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        Span<byte> serial = stackalloc byte[16];
        RandomNumberGenerator.Fill(serial);
        using var certificate = request.Create(_root, Start, end, serial);
        return certificate.CopyWithPrivateKey(key);
    }
}
