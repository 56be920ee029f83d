using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using LocalFirst.Guard.Interception.Certificates.KeyProtection;

namespace LocalFirst.Guard.Interception.Certificates;

/// <summary>
/// The authority on disk: one file with root, intermediate and the intermediate's key, so that one rename takes the old authority's place and
/// no crash leaves a mixture. <c>root.pem</c> beside it is a copy for clients, written anew whenever it differs.
/// </summary>
internal sealed class AuthorityFile(string folder, IKeyProtection protection)
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
    private const UnixFileMode ReadableByAll = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    public string Path { get; } = System.IO.Path.Combine(folder, CertificateAuthority.AuthorityFileName);

    public string RootPath { get; } = System.IO.Path.Combine(folder, CertificateAuthority.RootFile);

    /// <summary>Versions before the intermediate kept the root's key here.</summary>
    public string LegacyKeyPath { get; } = System.IO.Path.Combine(folder, CertificateAuthority.LegacyKeyFile);

    public bool Exists => File.Exists(Path);

    /// <summary>Whether clients may trust a root that this folder once had.</summary>
    public bool HadRoot => File.Exists(RootPath) || File.Exists(LegacyKeyPath);

    /// <exception cref="CertificateAuthorityException">Others can read the key.</exception>
    /// <exception cref="CryptographicException">The file is damaged.</exception>
    public AuthorityMaterial Read()
    {
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(Path) & Others) != 0)
        {
            throw new CertificateAuthorityException($"The key of the certificate authority, {Path}, is open to other users.", $"Run: chmod 600 {Path}  — and, if others may have read it, delete the folder and trust a new root.");
        }

        var text = File.ReadAllText(Path);
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPem(text);
        if (certificates.Count != 2)
        {
            throw new CryptographicException("A root and an intermediate were expected.");
        }

        var key = ECDsa.Create();
        try
        {
            var pkcs8 = protection.Unprotect(Encoding.ASCII.GetBytes(text));
            try
            {
                key.ImportPkcs8PrivateKey(pkcs8, out _);
            }
            finally
            {
                CryptographicOperations.ZeroMemory(pkcs8);
            }

            using var publicKey = certificates[1].GetECDsaPublicKey();
            if (publicKey is null || !publicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo()))
            {
                throw new CryptographicException("The key is not the intermediate's.");
            }

            return new AuthorityMaterial(certificates[0], certificates[1], key);
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Puts an authority in the place of what is there. The rename of the first step is the one moment at which the new one counts; what comes after it
    /// is caught up by <see cref="CatchUp"/> at the next start.
    /// </summary>
    /// <param name="material">The new authority.</param>
    /// <param name="reached">Told after each step; tests crash there.</param>
    public void Write(AuthorityMaterial material, Action<string> reached)
    {
        PrivateFiles.CreateFolder(folder);
        reached("folder");
        var pkcs8 = material.Key.ExportPkcs8PrivateKey();
        try
        {
            PrivateFiles.Replace(
                Path,
                $"{material.Root.ExportCertificatePem()}\n{material.Intermediate.ExportCertificatePem()}\n{protection.Protect(pkcs8)}\n",
                () => reached("draft"));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pkcs8);
        }

        reached("authority");
        CatchUp(material, reached);
    }

    /// <summary>Makes the copy for clients the authority's own root, and removes the key that older versions kept.</summary>
    public void CatchUp(AuthorityMaterial material, Action<string> reached)
    {
        var pem = material.Root.ExportCertificatePem() + "\n";
        if (!File.Exists(RootPath) || File.ReadAllText(RootPath) != pem)
        {
            PrivateFiles.Replace(RootPath, pem, () => reached("root-draft"));
        }

        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(RootPath, ReadableByAll);
        }

        reached("root");
        File.Delete(LegacyKeyPath);
        foreach (var draft in Directory.EnumerateFiles(folder, "*" + PrivateFiles.DraftEnding))
        {
            File.Delete(draft);
        }

        reached("legacy-key");
    }
}
