using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;

namespace LocalFirst.Guard.Interception.Connect;

/// <summary>
/// A loopback port is open to every user of the machine. On Linux the kernel's socket table tells which user holds the other end; a
/// connection of another user (root apart) is refused. Elsewhere this check does not exist yet, which SECURITY.md says.
/// </summary>
internal sealed partial class PeerCheck
{
    private const string Tcp4 = "/proc/net/tcp";
    private const string Tcp6 = "/proc/net/tcp6";

    private readonly uint _self = OperatingSystem.IsLinux() ? GetEffectiveUserId() : 0;

    public bool Allows(ConnectionContext connection)
    {
        if (!OperatingSystem.IsLinux() || _self == 0)
        {
            return true;
        }

        return connection.RemoteEndPoint is IPEndPoint peer
            && connection.LocalEndPoint is IPEndPoint own
            && OwnerOf(peer, own) is { } uid
            && (uid == _self || uid == 0);
    }

    /// <summary>The user that holds the socket whose local end is <paramref name="peer"/> and whose remote end is <paramref name="own"/>.</summary>
    internal static uint? OwnerOf(IPEndPoint peer, IPEndPoint own) =>
        Find(Tcp4, peer, own, AddressFamily.InterNetwork) ?? Find(Tcp6, peer, own, AddressFamily.InterNetworkV6);

    private static uint? Find(string table, IPEndPoint peer, IPEndPoint own, AddressFamily family)
    {
        try
        {
            var local = Entry(peer, family);
            var remote = Entry(own, family);
            return Find(File.ReadLines(table), local, remote);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // No table, no proof: the caller refuses.
        }

        return null;
    }

    /// <summary>
    /// A socket that nobody holds any more (closed, in TIME_WAIT) stands in the table with inode 0 and, whoever opened it, user 0: another user
    /// could send a request and close at once, and would pass for root. Such an entry names nobody.
    /// </summary>
    internal static uint? Find(IEnumerable<string> table, string local, string remote)
    {
        const int user = 7;
        const int inode = 9;
        foreach (var line in table.Skip(1))
        {
            // Most lines are other connections: they are told apart before anything is allocated for them.
            if (!line.Contains(local, StringComparison.Ordinal))
            {
                continue;
            }

            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > inode && fields[1] == local && fields[2] == remote)
            {
                return fields[inode] != "0" && uint.TryParse(fields[user], CultureInfo.InvariantCulture, out var owner) ? owner : null;
            }
        }

        return null;
    }

    /// <summary>The kernel prints an address as 32-bit words in host order, in hex (Documentation/networking/proc_net_tcp).</summary>
    private static string Entry(IPEndPoint end, AddressFamily family)
    {
        var address = family == AddressFamily.InterNetworkV6 ? end.Address.MapToIPv6() : end.Address.IsIPv4MappedToIPv6 ? end.Address.MapToIPv4() : end.Address;
        var words = MemoryMarshal.Cast<byte, uint>(address.GetAddressBytes());
        var text = string.Concat(words.ToArray().Select(w => w.ToString("X8", CultureInfo.InvariantCulture)));
        return string.Create(CultureInfo.InvariantCulture, $"{text}:{end.Port:X4}");
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUserId();
}
