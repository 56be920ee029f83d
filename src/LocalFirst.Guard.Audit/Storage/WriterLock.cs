using System.Globalization;
using System.Text;
using LocalFirst.Guard.Audit.Keys;

namespace LocalFirst.Guard.Audit.Storage;

/// <summary>
/// Lets one process write the log. The lock is the operating system's on an open file (flock on Unix, share mode on Windows), so a killed process
/// frees it. The process id lies in a file beside it, for people only: a locked file cannot be read by others.
/// </summary>
internal sealed class WriterLock : IDisposable
{
    private readonly FileStream _file;

    private WriterLock(FileStream file) => _file = file;

    /// <exception cref="AuditException">Another process holds it, or the file cannot be made.</exception>
    public static WriterLock Take(string databasePath)
    {
        var path = databasePath + ".lock";
        FileStream? file = null;
        try
        {
            file = new FileStream(path, PrivateFile.Options(FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            PrivateFile.Replace(HolderFile(databasePath), Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
            return new WriterLock(file);
        }
        catch (IOException e) when (file is null && File.Exists(path))
        {
            throw new AuditException($"The audit log {databasePath} is being written by {Holder(databasePath)}.\n  → Stop that broker first, or name another home folder with --home DIR.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            throw new AuditException($"The lock {path} cannot be made.\n  → Check that its folder is yours and writable, and that the disk is not full.", e);
        }
    }

    public void Dispose() => _file.Dispose();

    private static string Holder(string databasePath)
    {
        try
        {
            return int.TryParse(File.ReadAllText(HolderFile(databasePath)), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? $"process {id}" : "another process";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "another process";
        }
    }

    private static string HolderFile(string databasePath) => databasePath + ".pid";
}
