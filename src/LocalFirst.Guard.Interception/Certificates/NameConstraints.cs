using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace LocalFirst.Guard.Interception.Certificates;

/// <summary>
/// The name constraints extension (RFC 5280 §4.2.1.10), for which .NET has no class. Permitted are DNS names; every IP address is excluded.
/// The standard lets a DNS constraint cover the names below it as well; that a leaf has one of the very hosts is the authority's own rule.
/// </summary>
internal static class NameConstraints
{
    public const string Oid = "2.5.29.30";

    private const int Ipv4SubnetLength = 8;
    private const int Ipv6SubnetLength = 32;

    private static readonly Asn1Tag Permitted = new(TagClass.ContextSpecific, 0, isConstructed: true);
    private static readonly Asn1Tag Excluded = new(TagClass.ContextSpecific, 1, isConstructed: true);
    private static readonly Asn1Tag DnsName = new(TagClass.ContextSpecific, 2);
    private static readonly Asn1Tag IpAddress = new(TagClass.ContextSpecific, 7);

    /// <summary>The extension, critical: a verifier that does not understand it must refuse the certificate.</summary>
    public static X509Extension ForHosts(IEnumerable<string> hosts)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence(Permitted))
            {
                foreach (var host in hosts)
                {
                    using (writer.PushSequence())
                    {
                        writer.WriteCharacterString(UniversalTagNumber.IA5String, host, DnsName);
                    }
                }
            }

            using (writer.PushSequence(Excluded))
            {
                // An address and a mask of zeros cover all of them.
                foreach (var length in new[] { Ipv4SubnetLength, Ipv6SubnetLength })
                {
                    using (writer.PushSequence())
                    {
                        writer.WriteOctetString(new byte[length], IpAddress);
                    }
                }
            }
        }

        return new X509Extension(Oid, writer.Encode(), critical: true);
    }

    /// <summary>The permitted DNS names of a certificate; null when it has no such constraint.</summary>
    /// <exception cref="CryptographicException">The extension is malformed.</exception>
    public static IReadOnlyList<string>? PermittedHosts(X509Certificate2 certificate)
    {
        if (certificate.Extensions.FirstOrDefault(e => e.Oid?.Value == Oid) is not { } extension)
        {
            return null;
        }

        try
        {
            var constraints = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
            var subtrees = constraints.ReadSequence(Permitted);
            var hosts = new List<string>();
            while (subtrees.HasData)
            {
                hosts.Add(subtrees.ReadSequence().ReadCharacterString(UniversalTagNumber.IA5String, DnsName));
            }

            return hosts;
        }
        catch (AsnContentException e)
        {
            throw new CryptographicException("The name constraints are malformed.", e);
        }
    }
}
