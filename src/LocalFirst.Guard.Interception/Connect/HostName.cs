using System.Globalization;
using System.Net;

namespace LocalFirst.Guard.Interception.Connect;

/// <summary>A destination host in one spelling, so that no other spelling of it slips past the catalogue.</summary>
/// <param name="Name">Lower-case ASCII host name without trailing dot, or an IP address in its canonical form.</param>
/// <param name="Address">Set when the host is an IP literal.</param>
internal sealed record HostName(string Name, IPAddress? Address)
{
    private const int LongestHostName = 253;

    private static readonly IdnMapping Idn = new() { AllowUnassigned = false, UseStd3AsciiRules = true };

    /// <summary>Normalises a host: case, one trailing dot, IDN to punycode, every spelling of an IP address. Null when it is not a host.</summary>
    /// <param name="text">The host as written; an IPv6 literal in brackets.</param>
    public static HostName? TryParse(string text)
    {
        if (text.StartsWith('['))
        {
            return text.EndsWith(']') && IPAddress.TryParse(text.AsSpan(1, text.Length - 2), out var v6) && !text.Contains('%', StringComparison.Ordinal)
                ? OfAddress(v6)
                : null;
        }

        var name = text.EndsWith('.') ? text[..^1] : text;
        if (name.Length is 0 or > LongestHostName || name.Contains(':', StringComparison.Ordinal))
        {
            return null;
        }

        // inet_aton's odd spellings (0x7f.1, 2130706433, 127.1) are addresses to the resolver, so they are addresses here.
        if (IPAddress.TryParse(name, out var address))
        {
            return OfAddress(address);
        }

        try
        {
            var ascii = Idn.GetAscii(name).ToLowerInvariant();
            return ascii.Length <= LongestHostName && !EndsInNumber(ascii) ? new HostName(ascii, null) : null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static HostName OfAddress(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return new HostName(plain.ToString(), plain);
    }

    /// <summary>WHATWG URL, "ends in a number checker": such a name is meant as an IPv4 address, and was not a valid one.</summary>
    private static bool EndsInNumber(string name)
    {
        var last = name.AsSpan(name.LastIndexOf('.') + 1);
        return !last.ContainsAnyExceptInRange('0', '9') || last.StartsWith("0x", StringComparison.Ordinal);
    }
}
