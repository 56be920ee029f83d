using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using LocalFirst.Guard.Interception.Certificates;
using LocalFirst.Guard.Interception.Certificates.KeyProtection;
using LocalFirst.Guard.Protocols;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace LocalFirst.Guard.Tests.Interception;

public sealed class CertificateAuthorityTests : IDisposable
{
    private static readonly string[] Hosts = ["api.openai.com", "api.anthropic.com"];

    private readonly string _folder = Path.Combine(Path.GetTempPath(), "guard-ca-" + Guid.NewGuid().ToString("N"));
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));

    private string AuthorityPath => Path.Combine(_folder, CertificateAuthority.AuthorityFileName);

    private string RootPath => Path.Combine(_folder, CertificateAuthority.RootFile);

    private string LegacyKeyPath => Path.Combine(_folder, CertificateAuthority.LegacyKeyFile);

    public void Dispose()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    [Fact]
    public void The_authority_is_made_once_and_found_again()
    {
        using var first = Open();
        using var second = Open();

        Assert.Equal(first.Thumbprint, second.Thumbprint);
        Assert.Null(first.Notice);
        Assert.Null(second.Notice);
    }

    [Fact]
    public void The_key_is_readable_by_its_owner_alone_and_the_root_by_everybody()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "file modes are Unix's");
        using var authority = Open();

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(AuthorityPath));
        Assert.True(File.GetUnixFileMode(RootPath).HasFlag(UnixFileMode.OtherRead));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder));
    }

    [Fact]
    public void A_key_that_others_can_read_is_refused_with_the_mend()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "file modes are Unix's");
        Open().Dispose();
        File.SetUnixFileMode(AuthorityPath, UnixFileMode.UserRead | UnixFileMode.OtherRead);

        Assert.Contains("chmod 600", Assert.Throws<CertificateAuthorityException>(() => Open()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_roots_key_is_nowhere_on_disk()
    {
        using var authority = Open();
        using var root = X509Certificate2.CreateFromPem(authority.RootPem);
        using var rootKey = root.GetECDsaPublicKey()!;

        var keys = 0;
        foreach (var file in Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories))
        {
            var rest = File.ReadAllText(file).AsSpan();
            while (PemEncoding.TryFind(rest, out var block))
            {
                if (rest[block.Label].EndsWith("KEY", StringComparison.Ordinal))
                {
                    keys++;
                    using var key = ECDsa.Create();
                    key.ImportFromPem(rest[block.Location]);
                    Assert.False(key.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(rootKey.ExportSubjectPublicKeyInfo()));
                }

                rest = rest[block.Location.End.GetOffset(rest.Length)..];
            }
        }

        Assert.Equal(1, keys);
    }

    [Fact]
    public void Root_and_intermediate_may_vouch_for_full_hosts_of_the_catalogue_alone_and_for_no_address()
    {
        string[] hosts = [.. ProviderCatalogue.LoadBuiltIn().Providers.SelectMany(p => p.Hosts)];
        using var authority = CertificateAuthority.OpenOrCreate(_folder, hosts, _time);
        using var root = X509Certificate2.CreateFromPem(authority.RootPem);
        var intermediate = Assert.Single(authority.Chain);

        foreach (var (certificate, pathLength) in new[] { (root, 1), (intermediate, 0) })
        {
            Assert.Equal(hosts.Order(StringComparer.Ordinal), NameConstraints.PermittedHosts(certificate)!);
            Assert.True(certificate.Extensions.Single(e => e.Oid!.Value == NameConstraints.Oid).Critical);
            var basic = certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single();
            Assert.Equal((true, true, true, pathLength), (basic.Critical, basic.CertificateAuthority, basic.HasPathLengthConstraint, basic.PathLengthConstraint));
            using var key = certificate.GetECDsaPublicKey();
            Assert.Equal(256, key!.KeySize);
        }

        // A whole cloud behind one name would let the authority speak for everybody's buckets.
        Assert.DoesNotContain(hosts, h => h is "amazonaws.com" or "googleapis.com" || h.Contains('*', StringComparison.Ordinal) || !h.Contains('.', StringComparison.Ordinal));
    }

    [Fact]
    public void A_leaf_has_exactly_one_name_and_chains_over_the_intermediate_to_the_root()
    {
        using var authority = Open();
        using var leaf = authority.IssueLeaf("api.openai.com");

        Assert.Equal(["api.openai.com"], leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single().EnumerateDnsNames());
        Assert.True(leaf.NotAfter - leaf.NotBefore <= TimeSpan.FromDays(8));
        Assert.True(ChainsToRoot(authority, leaf));
    }

    [Theory]
    [InlineData("api.example.com")]
    [InlineData("openai.com")]
    [InlineData("deeper.api.openai.com")]
    [InlineData("*.openai.com")]
    public void No_leaf_is_issued_for_a_host_outside_of_the_set(string host)
    {
        using var authority = Open();

        Assert.Contains("guard setup", Assert.Throws<CertificateAuthorityException>(() => authority.IssueLeaf(host)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_signature_for_a_host_outside_of_the_set_is_worth_nothing()
    {
        using var authority = Open();
        using var forbidden = authority.Sign("api.example.com");

        Assert.False(ChainsToRoot(authority, forbidden));
    }

    [Fact]
    public void A_leaf_is_kept_until_a_day_before_it_ends_and_then_made_anew()
    {
        using var authority = Open();
        var leafs = new LeafCertificates(authority);
        var first = leafs.ContextFor("api.openai.com");

        _time.Advance(TimeSpan.FromDays(5));
        Assert.Same(first, leafs.ContextFor("api.openai.com"));

        _time.Advance(TimeSpan.FromDays(1.5));
        Assert.NotSame(first, leafs.ContextFor("api.openai.com"));
    }

    [Fact]
    public void A_damaged_authority_is_a_clear_error()
    {
        Open().Dispose();
        File.WriteAllText(AuthorityPath, "damaged");

        Assert.Contains(_folder, Assert.Throws<CertificateAuthorityException>(() => Open()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_that_is_not_the_intermediates_is_a_clear_error()
    {
        Open().Dispose();
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var text = File.ReadAllText(AuthorityPath);
        File.WriteAllText(AuthorityPath, text[..text.IndexOf("-----BEGIN PRIVATE", StringComparison.Ordinal)] + other.ExportPkcs8PrivateKeyPem());

        Assert.Contains("cannot be read", Assert.Throws<CertificateAuthorityException>(() => Open()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_copy_of_the_root_is_mended_from_the_authority()
    {
        using var authority = Open();
        File.WriteAllText(RootPath, "damaged");

        Open().Dispose();

        Assert.Equal(authority.RootPem + "\n", File.ReadAllText(RootPath));
    }

    [Fact]
    public void A_root_that_ends_while_the_broker_runs_does_not_make_it_spin()
    {
        using var authority = Open();
        var leafs = new LeafCertificates(authority);
        _time.Advance(AuthorityCeremony.Lifetime + TimeSpan.FromMinutes(1));

        Assert.NotNull(leafs.ContextFor("api.openai.com"));
    }

    [Fact]
    public void A_host_whose_certificate_failed_once_gets_one_when_the_cause_is_gone()
    {
        using var authority = Open();
        var leafs = new LeafCertificates(authority);
        var now = _time.GetUtcNow();
        _time.AdjustTime(now.AddYears(20));
        Assert.ThrowsAny<Exception>(() => leafs.ContextFor("api.openai.com"));

        _time.AdjustTime(now);

        Assert.NotNull(leafs.ContextFor("api.openai.com"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(60 * 24)]
    [InlineData(-24 * 30)]
    public void An_authority_that_ends_soon_or_has_ended_is_made_anew_and_said_aloud(int hoursBeforeItsEnd)
    {
        using var old = Open();
        _time.Advance(AuthorityCeremony.Lifetime - TimeSpan.FromHours(hoursBeforeItsEnd) + TimeSpan.FromMinutes(1));

        using var authority = Open();

        Assert.NotEqual(old.Thumbprint, authority.Thumbprint);
        Assert.Contains("must trust the new one", authority.Notice!, StringComparison.Ordinal);
        using var leaf = authority.IssueLeaf("api.openai.com");
        Assert.True(ChainsToRoot(authority, leaf));
    }

    [Fact]
    public void Where_the_root_is_installed_one_that_ends_soon_goes_on_with_a_notice_and_one_that_has_ended_is_an_error()
    {
        using var old = Open();
        _time.Advance(AuthorityCeremony.Lifetime - TimeSpan.FromDays(30));
        using (var authority = Open(mayReplace: false))
        {
            Assert.Equal(old.Thumbprint, authority.Thumbprint);
            Assert.Contains("guard setup", authority.Notice!, StringComparison.Ordinal);
        }

        _time.Advance(TimeSpan.FromDays(31));
        Assert.Contains("not valid now", Assert.Throws<CertificateAuthorityException>(() => Open(mayReplace: false)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_clock_before_its_time_does_not_cost_the_machine_its_authority()
    {
        using var authority = Open();
        var text = File.ReadAllText(AuthorityPath);
        var early = new FakeTimeProvider(DateTimeOffset.UnixEpoch);

        var error = Assert.Throws<CertificateAuthorityException>(() => CertificateAuthority.OpenOrCreate(_folder, Hosts, early));

        Assert.Contains("clock", error.Message, StringComparison.Ordinal);
        Assert.Equal(text, File.ReadAllText(AuthorityPath));
    }

    [Fact]
    public void A_new_host_means_a_new_root_unless_the_old_one_is_installed_and_a_host_less_means_nothing()
    {
        using var old = Open();
        string[] more = [.. Hosts, "api.mistral.ai"];

        using (var kept = CertificateAuthority.OpenOrCreate(_folder, more, _time, mayReplace: false))
        {
            Assert.Equal(old.Thumbprint, kept.Thumbprint);
            Assert.Contains("api.mistral.ai", kept.Notice!, StringComparison.Ordinal);
            Assert.True(kept.Covers("api.openai.com"));
            Assert.False(kept.Covers("api.mistral.ai"));
        }

        using var replaced = CertificateAuthority.OpenOrCreate(_folder, more, _time);
        Assert.NotEqual(old.Thumbprint, replaced.Thumbprint);
        Assert.Contains("api.mistral.ai", replaced.Notice!, StringComparison.Ordinal);
        Assert.True(replaced.Covers("api.mistral.ai"));

        using var fewer = Open();
        Assert.Equal(replaced.Thumbprint, fewer.Thumbprint);
        Assert.Null(fewer.Notice);
    }

    [Fact]
    public void A_home_of_the_older_form_gets_a_new_root_and_loses_the_old_roots_key()
    {
        var old = WriteLegacy();

        Assert.Contains("guard setup", Assert.Throws<CertificateAuthorityException>(() => Open(mayReplace: false)).Message, StringComparison.Ordinal);
        Assert.True(CertificateAuthority.ReadState(_folder)!.HasRootKey);
        using var authority = Open();

        Assert.NotEqual(old, authority.RootPem);
        Assert.Contains("must trust the new one", authority.Notice!, StringComparison.Ordinal);
        Assert.False(File.Exists(LegacyKeyPath));
        Assert.Equal(authority.RootPem + "\n", File.ReadAllText(RootPath));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_crash_at_any_step_of_a_replacement_leaves_the_old_authority_or_the_new_one_whole(bool fromTheOlderForm)
    {
        var steps = new List<string>();
        Setup();
        CertificateAuthority.Replace(_folder, Hosts, _time, KeyProtections.OfThisSystem(), steps.Add).Dispose();
        Assert.Contains("authority", steps);
        Assert.True(steps.Count >= 5);

        foreach (var step in steps)
        {
            Directory.Delete(_folder, recursive: true);
            var before = Setup();
            Assert.Throws<CrashException>(() => CertificateAuthority.Replace(_folder, Hosts, _time, KeyProtections.OfThisSystem(), at => CrashAt(step, at)));

            using var after = Open();
            using var leaf = after.IssueLeaf("api.openai.com");
            Assert.True(ChainsToRoot(after, leaf), step);
            Assert.Equal(after.RootPem + "\n", File.ReadAllText(RootPath));
            Assert.False(File.Exists(LegacyKeyPath), step);
            Assert.DoesNotContain(Directory.EnumerateFiles(_folder), f => f.EndsWith(PrivateFiles.DraftEnding, StringComparison.Ordinal));

            // Until the one rename the old authority stands; an old one of the older form is replaced at the next start, said aloud.
            var isBefore = step is "folder" or "draft";
            if (!fromTheOlderForm)
            {
                Assert.Equal(isBefore, after.RootPem == before);
                Assert.Null(after.Notice);
            }
            else
            {
                Assert.Equal(isBefore, after.Notice is not null);
            }
        }

        string Setup()
        {
            if (fromTheOlderForm)
            {
                return WriteLegacy();
            }

            using var authority = Open();
            return authority.RootPem;
        }
    }

    [Fact]
    public void Its_state_can_be_told_without_its_key()
    {
        Assert.Null(CertificateAuthority.ReadState(_folder));
        using var authority = Open();

        var state = CertificateAuthority.ReadState(_folder)!;

        Assert.Equal(authority.Thumbprint, state.Thumbprint);
        Assert.Equal(Hosts.Order(StringComparer.Ordinal), state.Hosts);
        Assert.Equal(_time.GetUtcNow() + AuthorityCeremony.Lifetime, state.Ends);
        Assert.False(state.HasRootKey);
    }

    [Fact]
    public void What_the_keychain_seals_opens_with_its_key_alone()
    {
        var key = RandomNumberGenerator.GetBytes(32);
        var sealedKey = MacKeychainProtection.Seal(key, "pkcs8"u8);

        Assert.Equal("pkcs8"u8.ToArray(), MacKeychainProtection.Open(key, sealedKey));
        sealedKey[^1] ^= 1;
        Assert.ThrowsAny<CryptographicException>(() => MacKeychainProtection.Open(key, sealedKey));
        Assert.ThrowsAny<CryptographicException>(() => MacKeychainProtection.Open(key, sealedKey.AsSpan(0, 5)));
    }

    private static void CrashAt(string step, string at)
    {
        if (step == at)
        {
            throw new CrashException();
        }
    }

    private CertificateAuthority Open(bool mayReplace = true) => CertificateAuthority.OpenOrCreate(_folder, Hosts, _time, mayReplace);

    /// <summary>A home as versions before the intermediate left it: a root with its key.</summary>
    private string WriteLegacy()
    {
        Directory.CreateDirectory(_folder);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=LocalFirst.Guard old", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        using var root = request.CreateSelfSigned(_time.GetUtcNow().AddDays(-1), _time.GetUtcNow().AddYears(5));
        File.WriteAllText(RootPath, root.ExportCertificatePem() + "\n");
        File.WriteAllText(LegacyKeyPath, key.ExportPkcs8PrivateKeyPem());
        return root.ExportCertificatePem();
    }

    private bool ChainsToRoot(CertificateAuthority authority, X509Certificate2 leaf)
    {
        using var root = X509Certificate2.CreateFromPem(authority.RootPem);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.ExtraStore.AddRange(authority.Chain);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = _time.GetUtcNow().UtcDateTime;
        return chain.Build(leaf);
    }

    private sealed class CrashException : Exception;
}
