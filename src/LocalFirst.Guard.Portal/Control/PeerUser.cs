using System.Buffers.Binary;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace LocalFirst.Guard.Portal.Control;

/// <summary>Who is at the other end of a Unix socket, as the kernel says it.</summary>
internal static class PeerUser
{
    /// <summary>Whether the peer runs as this process's user, or as root, who could read our memory anyway.</summary>
    public static bool IsOurs(Socket socket)
    {
        var own = GetEffectiveUserId();
        return Of(socket) is { } peer && (peer == own || peer == 0);
    }

    private static uint? Of(Socket socket)
    {
        try
        {
            if (OperatingSystem.IsLinux())
            {
                // unix(7): SOL_SOCKET 1, SO_PEERCRED 17 give struct ucred { pid, uid, gid }.
                Span<byte> credentials = stackalloc byte[12];
                return socket.GetRawSocketOption(1, 17, credentials) == 12 ? BinaryPrimitives.ReadUInt32LittleEndian(credentials[4..]) : null;
            }

            if (OperatingSystem.IsMacOS())
            {
                // sys/un.h: SOL_LOCAL 0, LOCAL_PEERCRED 1 give struct xucred { version, uid, … }.
                Span<byte> credentials = stackalloc byte[76];
                return socket.GetRawSocketOption(0, 1, credentials) >= 8 ? BinaryPrimitives.ReadUInt32LittleEndian(credentials[4..]) : null;
            }
        }
        catch (SocketException)
        {
            // Not knowing is answered like knowing that it is somebody else.
        }

        return null;
    }

    [DllImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern uint GetEffectiveUserId();
}
