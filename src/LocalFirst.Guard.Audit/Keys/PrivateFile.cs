using System.Runtime.InteropServices;

namespace LocalFirst.Guard.Audit.Keys;

/// <summary>Files and folders that only their owner may read. On Windows the per-user profile's access list does this; Unix needs the mode.</summary>
public static class PrivateFile
{
    private const UnixFileMode OwnerOnlyFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerOnlyFolder = OwnerOnlyFile | UnixFileMode.UserExecute;
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Makes the folder, and refuses one that others can enter.</summary>
    /// <param name="path">The folder.</param>
    /// <exception cref="AuditException">The folder cannot be made, or others can enter it.</exception>
    public static void EnsureFolder(string path)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(path);
                return;
            }

            Directory.CreateDirectory(path, OwnerOnlyFolder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AuditException($"The folder {path} cannot be made.\n  → Name a home folder that you can write with --home DIR or GUARD_HOME.", e);
        }

        RefuseOthers(path, "700");
    }

    /// <summary>Makes the folder of a file, for its owner alone; one that is there already stays as it is.</summary>
    internal static void EnsureParent(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!Directory.Exists(folder))
        {
            EnsureFolder(folder);
        }
    }

    /// <summary>
    /// Makes the file with this content unless it is there, and says what it holds then: of two processes that race, both get the winner's
    /// content. Written aside, flushed to disk and linked into place, so that no crash leaves half a key.
    /// </summary>
    /// <exception cref="AuditException">It cannot be made or read, or others can read it.</exception>
    internal static byte[] ReadOrCreate(string path, Func<byte[]> make)
    {
        try
        {
            if (!File.Exists(path))
            {
                Create(path, make());
            }

            RefuseOthers(path, "600");
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AuditException($"The file {path} cannot be made or read.\n  → Check that the folder is yours and writable, and that the disk is not full.", e);
        }
    }

    /// <summary>Replaces a file that holds no secret and can be made again, whole or not at all.</summary>
    /// <param name="path">The file; its folder exists.</param>
    /// <param name="content">What it holds then.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It must not be written.</exception>
    public static void Replace(string path, byte[] content)
    {
        var aside = WriteAside(path, content);
        File.Move(aside, path, overwrite: true);
    }

    /// <exception cref="AuditException">Others than the owner have any access.</exception>
    internal static void RefuseOthers(string path, string mode)
    {
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != 0)
        {
            throw new AuditException($"Others than you can reach {path}, so what it protects may be known to them.\n  → chmod {mode} '{path}', and make new keys if others use this machine.");
        }
    }

    /// <summary>Takes group and others off a file of ours.</summary>
    internal static void MakePrivate(string path)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, File.GetUnixFileMode(path) & ~Others);
        }
    }

    /// <summary>Options that make a file which only its owner can read, from its first moment on.</summary>
    internal static FileStreamOptions Options(FileMode mode, FileAccess access, FileShare share)
    {
        var options = new FileStreamOptions { Mode = mode, Access = access, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnlyFile;
        }

        return options;
    }

    private static void Create(string path, byte[] content)
    {
        var aside = WriteAside(path, content);
        if (OperatingSystem.IsWindows())
        {
            try
            {
                File.Move(aside, path, overwrite: false);
            }
            catch (IOException) when (File.Exists(path))
            {
                File.Delete(aside);
            }

            return;
        }

        // File.Move renames when it saw no file at the new place, and rename replaces one that came in between. A link never does (link(2), EEXIST).
        var linked = Link(aside, path) == 0;
        var error = Marshal.GetLastPInvokeError();
        File.Delete(aside);
        if (!linked && !File.Exists(path))
        {
            throw new IOException($"The file cannot be put in place (error {error}).");
        }

        FlushFolder(Path.GetDirectoryName(path)!);
    }

    private static string WriteAside(string path, byte[] content)
    {
        var aside = $"{path}.{Path.GetRandomFileName()}";
        using var file = new FileStream(aside, Options(FileMode.CreateNew, FileAccess.Write, FileShare.None));
        file.Write(content);
        file.Flush(flushToDisk: true);
        return aside;
    }

    /// <summary>A new name is durable only when its folder is (fsync(2), notes).</summary>
    private static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var descriptor = Open(folder, 0);
        if (descriptor < 0)
        {
            return;
        }

        _ = Fsync(descriptor);
        _ = Close(descriptor);
    }

    [DllImport("libc", EntryPoint = "open", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "link", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Link([MarshalAs(UnmanagedType.LPUTF8Str)] string existing, [MarshalAs(UnmanagedType.LPUTF8Str)] string created);

    [DllImport("libc", EntryPoint = "fsync")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Fsync(int descriptor);

    [DllImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int descriptor);
}
