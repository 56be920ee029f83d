using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace LocalFirst.Guard.Interception.Upstream;

/// <summary>
/// What a provider's certificate must be beyond what the platform asks for. The platform still takes a host's name from the subject when there is no
/// alternative name, and leaves weak keys and hashes to the system's OpenSSL configuration, which differs from machine to machine.
/// </summary>
internal static class CertificateRules
{
    /// <summary>CA/Browser Forum, Baseline Requirements §6.1.5.</summary>
    private const int LeastRsaBits = 2048;

    private const int LeastEcBits = 256;

    /// <summary>RFC 9155 and RFC 6151: MD5 and SHA-1 with RSA, DSA and ECDSA.</summary>
    private static readonly HashSet<string> WeakSignatures =
    [
        "1.2.840.113549.1.1.2", "1.2.840.113549.1.1.4", "1.2.840.113549.1.1.5", "1.3.14.3.2.29", "1.2.840.10040.4.3", "1.2.840.10045.4.1",
    ];

    /// <summary>Why the certificate is not taken; null when it is.</summary>
    /// <param name="leaf">The provider's certificate.</param>
    /// <param name="chain">The chain that the platform built; null when it built none.</param>
    public static string? Objection(X509Certificate2 leaf, X509Chain? chain)
    {
        try
        {
            if (!NamesAnybody(leaf))
            {
                return "it has no subject alternative name";
            }

            // A root is trusted for being known, not for the hash of its own signature.
            var weak = chain?.ChainElements.Select(e => e.Certificate).Where(c => !c.SubjectName.RawData.AsSpan().SequenceEqual(c.IssuerName.RawData)).Any(IsWeak) == true;
            return weak || IsWeak(leaf) ? "its key or a signature is too weak" : null;
        }
        catch (CryptographicException)
        {
            return "it is malformed";
        }
    }

    /// <summary>RFC 9525 §2: a host's name is looked for among the alternative names, never in the subject.</summary>
    private static bool NamesAnybody(X509Certificate2 leaf) =>
        leaf.Extensions.OfType<X509SubjectAlternativeNameExtension>().Any(names => names.EnumerateDnsNames().Any() || names.EnumerateIPAddresses().Any());

    private static bool IsWeak(X509Certificate2 certificate)
    {
        if (WeakSignatures.Contains(certificate.SignatureAlgorithm.Value ?? ""))
        {
            return true;
        }

        using var rsa = certificate.GetRSAPublicKey();
        using var ec = certificate.GetECDsaPublicKey();
        return rsa?.KeySize < LeastRsaBits || ec?.KeySize < LeastEcBits;
    }
}
