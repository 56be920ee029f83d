using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using LocalFirst.Guard.MachineSetup.Trust;
using Xunit;

namespace LocalFirst.Guard.Tests.MachineSetup;

public sealed class TrustBundleTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("guard-bundle-").FullName;

    private string Bundle => Path.Combine(_folder, "bundle.pem");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_bundle_holds_the_systems_roots_and_ours()
    {
        using var ours = Root("CN=Ours");
        using var first = Root("CN=First");
        using var second = Root("CN=Second");

        TrustBundle.Write(Bundle, [first, second], ours);

        Assert.Equal([ours.Thumbprint, first.Thumbprint, second.Thumbprint], Read().Select(c => c.Thumbprint));
    }

    [Fact]
    public void A_root_stands_in_it_once_even_if_the_system_has_it_already()
    {
        using var ours = Root("CN=Ours");

        TrustBundle.Write(Bundle, [ours, ours], ours);

        Assert.Equal(ours.Thumbprint, Assert.Single(Read()).Thumbprint);
    }

    [Fact]
    public void Writing_again_replaces_the_old_bundle_and_leaves_no_draft()
    {
        using var before = Root("CN=Before");
        using var after = Root("CN=After");
        TrustBundle.Write(Bundle, [], before);

        TrustBundle.Write(Bundle, [], after);

        Assert.Equal(after.Thumbprint, Assert.Single(Read()).Thumbprint);
        Assert.Equal(Bundle, Assert.Single(Directory.EnumerateFiles(_folder)));
    }

    [Fact]
    public void A_name_with_a_line_end_cannot_add_a_line_to_the_file()
    {
        var name = new X500DistinguishedNameBuilder();
        name.AddCommonName("a\n-----BEGIN CERTIFICATE-----\nb ü");
        using var odd = Root(name.Build());

        TrustBundle.Write(Bundle, [], odd);

        Assert.Equal(odd.Thumbprint, Assert.Single(Read()).Thumbprint);
        Assert.All(File.ReadAllText(Bundle), c => Assert.True(char.IsAscii(c)));
    }

    [Fact]
    public void It_is_known_whether_a_bundle_holds_a_root()
    {
        using var ours = Root("CN=Ours");
        using var other = Root("CN=Other");
        var rootFile = Path.Combine(_folder, "root.pem");
        TrustBundle.Write(Bundle, [other], ours);

        File.WriteAllText(rootFile, ours.ExportCertificatePem());
        Assert.True(TrustBundle.Contains(Bundle, rootFile));

        using var stranger = Root("CN=Stranger");
        File.WriteAllText(rootFile, stranger.ExportCertificatePem());
        Assert.False(TrustBundle.Contains(Bundle, rootFile));
    }

    [Fact]
    public void The_first_bundle_that_exists_is_read()
    {
        using var ours = Root("CN=Ours");
        TrustBundle.Write(Bundle, [], ours);

        Assert.Equal(ours.Thumbprint, Assert.Single(SystemRoots.ReadBundle([Path.Combine(_folder, "no-such.pem"), Bundle])).Thumbprint);
        Assert.Empty(SystemRoots.ReadBundle([Path.Combine(_folder, "no-such.pem")]));
    }

    private static X509Certificate2 Root(string name) => Root(new X500DistinguishedName(name));

    private static X509Certificate2 Root(X500DistinguishedName name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest(name, key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private X509Certificate2Collection Read()
    {
        var read = new X509Certificate2Collection();
        read.ImportFromPemFile(Bundle);
        return read;
    }
}
