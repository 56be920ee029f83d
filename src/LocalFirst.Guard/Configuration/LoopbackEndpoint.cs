using System.Net;

namespace LocalFirst.Guard.Configuration;

/// <summary>
/// Reads <c>IP:PORT</c>. Only loopback addresses pass: whoever reaches the broker's port sends requests under the developer's name, and the portal
/// shows what the developer works on.
/// </summary>
internal static class LoopbackEndpoint
{
    /// <summary>Reads the value of <c>--listen</c> or <c>--portal</c>.</summary>
    /// <param name="text">The value.</param>
    /// <param name="option">The option, for the message.</param>
    /// <exception cref="GuardException">It is no loopback address with a port.</exception>
    public static IPEndPoint Parse(string text, string option) =>
        TryParse(text, out var endpoint, out var what, out var next) ? endpoint : throw new GuardException($"{option} {text}: {what}", next);

    /// <summary>Reads the text, or says what is wrong with it and how to mend it.</summary>
    public static bool TryParse(string text, out IPEndPoint endpoint, out string what, out string next)
    {
        if (!TryParseAny(text, out endpoint, out what, out next))
        {
            return false;
        }

        if (IPAddress.IsLoopback(endpoint.Address))
        {
            return true;
        }

        what = "this address can be reached from other machines.";
        next = "Use a loopback address: 127.0.0.1 or [::1].";
        return false;
    }

    /// <summary>Reads any address with a port: a server's.</summary>
    public static bool TryParseAny(string text, out IPEndPoint endpoint, out string what, out string next)
    {
        endpoint = new IPEndPoint(IPAddress.Loopback, 0);
        (what, next) = ("", "");

        // The round trip refuses the forms that IPAddress understands and people do not: "1", "0x7f.1", a missing port.
        if (!IPEndPoint.TryParse(text, out var read) || !string.Equals(read.ToString(), text, StringComparison.OrdinalIgnoreCase))
        {
            what = "this is not an address with a port.";
            next = "Write IP:PORT, for example 127.0.0.1:8899 (in YAML, an IPv6 address needs quotes: \"[::1]:8899\"). Port 0 takes a free one.";
            return false;
        }

        endpoint = read;
        return true;
    }
}
