using System.Security.Cryptography.X509Certificates;
using LocalFirst.Guard.Interception.Certificates;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace LocalFirst.Guard.Tests.Interception;

public sealed class CertificateAuthorityTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "guard-ca-" + Guid.NewGuid().ToString("N"));
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public void The_authority_is_made_once_and_found_again()
    {
        using var first = CertificateAuthority.OpenOrCreate(_folder, _time);
        using var second = CertificateAuthority.OpenOrCreate(_folder, _time);

        Assert.Equal(first.Thumbprint, second.Thumbprint);
    }

    [Fact]
    public void The_key_is_readable_by_its_owner_alone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "file modes are Unix's");
        using var authority = CertificateAuthority.OpenOrCreate(_folder, _time);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_folder, CertificateAuthority.KeyFile)));
    }

    [Fact]
    public void A_key_that_others_can_read_is_refused_with_the_mend()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "file modes are Unix's");
        CertificateAuthority.OpenOrCreate(_folder, _time).Dispose();
        File.SetUnixFileMode(Path.Combine(_folder, CertificateAuthority.KeyFile), UnixFileMode.UserRead | UnixFileMode.OtherRead);

        var error = Assert.Throws<CertificateAuthorityException>(() => CertificateAuthority.OpenOrCreate(_folder, _time));
        Assert.Contains("chmod 600", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_leaf_has_exactly_one_name_and_chains_to_the_root()
    {
        using var authority = CertificateAuthority.OpenOrCreate(_folder, _time);
        using var leaf = authority.IssueLeaf("api.openai.com");
        using var root = X509Certificate2.CreateFromPem(authority.RootPem);

        var names = leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single().EnumerateDnsNames();
        Assert.Equal(["api.openai.com"], names);

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = _time.GetUtcNow().UtcDateTime;
        Assert.True(chain.Build(leaf));
    }

    [Fact]
    public void A_leaf_is_kept_until_a_day_before_it_ends_and_then_made_anew()
    {
        using var authority = CertificateAuthority.OpenOrCreate(_folder, _time);
        var leafs = new LeafCertificates(authority);
        var first = leafs.ContextFor("api.openai.com");

        _time.Advance(TimeSpan.FromDays(5));
        Assert.Same(first, leafs.ContextFor("api.openai.com"));

        _time.Advance(TimeSpan.FromDays(1.5));
        Assert.NotSame(first, leafs.ContextFor("api.openai.com"));
    }

    [Theory]
    [InlineData(CertificateAuthority.RootFile)]
    [InlineData(CertificateAuthority.KeyFile)]
    public void A_damaged_file_is_a_clear_error(string file)
    {
        CertificateAuthority.OpenOrCreate(_folder, _time).Dispose();
        var path = Path.Combine(_folder, file);
        File.WriteAllText(path, "damaged");

        var error = Assert.Throws<CertificateAuthorityException>(() => CertificateAuthority.OpenOrCreate(_folder, _time));
        Assert.Contains(_folder, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_root_that_ends_while_the_broker_runs_does_not_make_it_spin()
    {
        using var authority = CertificateAuthority.OpenOrCreate(_folder, _time);
        var leafs = new LeafCertificates(authority);
        _time.Advance(TimeSpan.FromDays(5 * 365) + TimeSpan.FromMinutes(1));

        Assert.NotNull(leafs.ContextFor("api.openai.com"));
    }

    [Fact]
    public void A_host_whose_certificate_failed_once_gets_one_when_the_cause_is_gone()
    {
        using var authority = CertificateAuthority.OpenOrCreate(_folder, _time);
        var leafs = new LeafCertificates(authority);
        var now = _time.GetUtcNow();
        _time.AdjustTime(now.AddYears(20));
        Assert.ThrowsAny<Exception>(() => leafs.ContextFor("api.openai.com"));

        _time.AdjustTime(now);

        Assert.NotNull(leafs.ContextFor("api.openai.com"));
    }

    [Fact]
    public void An_expired_root_is_a_clear_error()
    {
        CertificateAuthority.OpenOrCreate(_folder, _time).Dispose();
        _time.Advance(TimeSpan.FromDays(6 * 365));

        Assert.Contains("not valid now", Assert.Throws<CertificateAuthorityException>(() => CertificateAuthority.OpenOrCreate(_folder, _time)).Message, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }
}
