using System.Security.Cryptography;
using System.Text;

namespace LocalFirst.Guard.Portal.Control;

/// <summary>Where the control channel of a home is: a socket in its <c>run</c> folder, on Windows a pipe named after that folder.</summary>
internal static class ControlAddress
{
    // sun_path of sockaddr_un: 108 bytes on Linux, 104 on macOS, with the closing zero.
    private const int LongestSocketPath = 103;

    public static string SocketPath(string runFolder)
    {
        var path = Path.Combine(Path.GetFullPath(runFolder), "control.sock");
        return Encoding.UTF8.GetByteCount(path) <= LongestSocketPath
            ? path
            : throw new PortalException($"The path {path} is too long for a socket: {Encoding.UTF8.GetByteCount(path)} bytes, where {LongestSocketPath} are possible.", "Name a home folder with a shorter path with --home DIR or GUARD_HOME.");
    }

    public static string PipeName(string runFolder) =>
        "localfirst-guard-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Path.GetFullPath(runFolder).ToUpperInvariant())).AsSpan(0, 16));
}
