using System.Net;
using System.Net.Sockets;

namespace LocalFirst.Guard.Interception.Upstream;

/// <summary>
/// Which resolved addresses a connection may go to. It looks at the address and not at the name, because a name can be made to point
/// anywhere (DNS rebinding).
/// </summary>
internal static class AddressPolicy
{
    /// <summary>Why a provider's host may not be at this address; null when it may. A provider is on the public internet.</summary>
    public static string? ObjectionForProvider(IPAddress address) =>
        ObjectionForTunnel(address) ?? (IsPrivate(Plain(address)) ? "is a private address" : null);

    /// <summary>Why a tunnel may not go to this address; null when it may. Private networks are where companies keep their own servers.</summary>
    public static string? ObjectionForTunnel(IPAddress address)
    {
        var plain = Plain(address);
        if (IPAddress.IsLoopback(plain))
        {
            return "is this machine";
        }

        if (plain.Equals(IPAddress.Any) || plain.Equals(IPAddress.IPv6Any) || plain.Equals(IPAddress.Broadcast) || plain.Equals(IPAddress.None))
        {
            return "is no single machine";
        }

        if (plain.AddressFamily == AddressFamily.InterNetworkV6)
        {
            if (plain.IsIPv6LinkLocal || plain.IsIPv6Multicast || plain.IsIPv6SiteLocal)
            {
                return "is a link-local or multicast address";
            }

            return EmbeddedIPv4(plain) is { } inner ? ObjectionForTunnel(inner) : null;
        }

        var bytes = plain.GetAddressBytes();
        return bytes[0] switch
        {
            0 => "is no single machine",
            169 when bytes[1] == 254 => "is a link-local address (cloud metadata services live there)",
            >= 224 => "is a multicast or reserved address",
            _ => null,
        };
    }

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    /// <summary>RFC 1918, RFC 6598 (shared address space) and RFC 4193 (unique local).</summary>
    private static bool IsPrivate(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            return (bytes[0] & 0xfe) == 0xfc || (EmbeddedIPv4(address) is { } inner && IsPrivate(inner));
        }

        return bytes[0] == 10
            || (bytes[0] == 172 && (bytes[1] & 0xf0) == 16)
            || (bytes[0] == 192 && bytes[1] == 168)
            || (bytes[0] == 100 && (bytes[1] & 0xc0) == 64);
    }

    /// <summary>
    /// The IPv4 address inside 6to4 (RFC 3056), NAT64 (RFC 6052, and RFC 8215 with its usual /96) and IPv4-compatible addresses: another
    /// spelling of the same place.
    /// </summary>
    private static IPAddress? EmbeddedIPv4(IPAddress address)
    {
        var b = address.GetAddressBytes();
        if (b[0] == 0x20 && b[1] == 0x02)
        {
            return new IPAddress(b.AsSpan(2, 4));
        }

        ReadOnlySpan<byte> nat64 = [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0];
        ReadOnlySpan<byte> localNat64 = [0x00, 0x64, 0xff, 0x9b, 0x00, 0x01];
        var prefix = b.AsSpan(0, 12);
        return prefix.StartsWith(localNat64) || prefix.SequenceEqual(nat64) || !prefix.ContainsAnyExcept((byte)0) ? new IPAddress(b.AsSpan(12, 4)) : null;
    }
}

/// <summary>A destination that the address policy does not allow.</summary>
internal sealed class ForbiddenAddressException(string objection) : Exception($"The destination {objection}.");
