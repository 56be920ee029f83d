using System.Security.Cryptography.X509Certificates;

namespace LocalFirst.Guard.MachineSetup.Trust;

/// <summary>The roots that this system trusts already.</summary>
public static class SystemRoots
{
    /// <summary>Where distributions keep their bundle, as in Go's <c>crypto/x509/root_linux.go</c>.</summary>
    internal static readonly IReadOnlyList<string> KnownBundles =
    [
        "/etc/ssl/certs/ca-certificates.crt", // Debian, Ubuntu, Arch, Gentoo
        "/etc/pki/tls/certs/ca-bundle.crt", // Fedora, RHEL
        "/etc/ssl/ca-bundle.pem", // openSUSE
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // CentOS, RHEL 7
        "/etc/ssl/cert.pem", // Alpine
    ];

    /// <summary>Reads them. On Linux from the distribution's bundle; on Windows and macOS from the system's store.</summary>
    /// <returns>Certificates that the caller disposes; empty when the system has none.</returns>
    public static X509Certificate2Collection Read() => OperatingSystem.IsLinux() ? ReadBundle(KnownBundles) : ReadStores();

    internal static X509Certificate2Collection ReadBundle(IEnumerable<string> candidates)
    {
        var roots = new X509Certificate2Collection();
        if (candidates.FirstOrDefault(File.Exists) is { } bundle)
        {
            roots.ImportFromPemFile(bundle);
        }

        return roots;
    }

    private static X509Certificate2Collection ReadStores()
    {
        var roots = new X509Certificate2Collection();
        foreach (var location in new[] { StoreLocation.LocalMachine, StoreLocation.CurrentUser })
        {
            using var store = new X509Store(StoreName.Root, location);
            store.Open(OpenFlags.ReadOnly | OpenFlags.OpenExistingOnly);
            roots.AddRange(store.Certificates);
        }

        return roots;
    }
}
