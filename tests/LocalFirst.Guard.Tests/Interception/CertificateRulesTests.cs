using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using LocalFirst.Guard.Interception.Upstream;
using Xunit;

namespace LocalFirst.Guard.Tests.Interception;

public sealed class CertificateRulesTests
{
    [Fact]
    public void A_certificate_with_an_alternative_name_and_a_strong_key_is_taken()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var byName = Make(new CertificateRequest("CN=any", key, HashAlgorithmName.SHA256), names => names.AddDnsName("provider.test"));
        using var byAddress = Make(new CertificateRequest("CN=any", key, HashAlgorithmName.SHA256), names => names.AddIpAddress(IPAddress.Parse("203.0.113.7")));

        Assert.Null(CertificateRules.Objection(byName, null));
        Assert.Null(CertificateRules.Objection(byAddress, null));
    }

    [Fact]
    public void A_host_name_in_the_subject_alone_names_nobody()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var without = Make(new CertificateRequest("CN=provider.test", key, HashAlgorithmName.SHA256), null);
        using var mailOnly = Make(new CertificateRequest("CN=provider.test", key, HashAlgorithmName.SHA256), names => names.AddEmailAddress("a@provider.test"));

        Assert.NotNull(CertificateRules.Objection(without, null));
        Assert.NotNull(CertificateRules.Objection(mailOnly, null));
    }

    [Theory]
    [InlineData(1024, false)]
    [InlineData(2048, true)]
    public void An_RSA_key_below_2048_bits_is_too_weak(int bits, bool taken)
    {
        using var key = RSA.Create(bits);
        using var certificate = Make(new CertificateRequest("CN=any", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1), names => names.AddDnsName("provider.test"));

        Assert.Equal(taken, CertificateRules.Objection(certificate, null) is null);
    }

    private static X509Certificate2 Make(CertificateRequest request, Action<SubjectAlternativeNameBuilder>? name)
    {
        if (name is not null)
        {
            var names = new SubjectAlternativeNameBuilder();
            name(names);
            request.CertificateExtensions.Add(names.Build());
        }

        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}
