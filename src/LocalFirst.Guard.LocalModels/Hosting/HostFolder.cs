namespace LocalFirst.Guard.LocalModels.Hosting;

/// <summary>The private folder of one running host.</summary>
internal sealed class HostFolder : IDisposable
{
    // sockaddr_un holds 108 bytes on Linux and 104 on macOS, terminator included (unix(7)).
    private const int LongestSocketPath = 100;

    private HostFolder(string path)
    {
        Path = path;
        Directory.CreateDirectory(Socket);
        Directory.CreateDirectory(Root);
    }

    /// <summary>The folder; only its owner may enter.</summary>
    public string Path { get; }

    /// <summary>Folder of the socket: the one place that the host may write.</summary>
    public string Socket => System.IO.Path.Combine(Path, "s");

    /// <summary>An empty folder that the host's own root is mounted on; empty to everybody else.</summary>
    public string Root => System.IO.Path.Combine(Path, "r");

    /// <summary>The socket; on Windows the name of a pipe.</summary>
    public string Endpoint => OperatingSystem.IsWindows()
        ? "localfirst-guard-" + System.IO.Path.GetFileName(Path)
        : System.IO.Path.Combine(Socket, "h");

    /// <summary>Makes one below the run folder, or in the system's temporary folder when the socket's path would be too long there.</summary>
    /// <param name="runFolder">The broker's run folder.</param>
    public static HostFolder Create(string runFolder)
    {
        var name = Guid.NewGuid().ToString("N")[..12];
        var path = System.IO.Path.Combine(System.IO.Path.GetFullPath(runFolder), "host-" + name);
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return new HostFolder(path);
        }

        if (System.Text.Encoding.UTF8.GetByteCount(path) + 4 > LongestSocketPath)
        {
            return new HostFolder(Directory.CreateTempSubdirectory("lfg-").FullName);
        }

        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return new HostFolder(path);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A folder that stays behind is empty of anything but a dead socket.
        }
    }
}
