using System.Globalization;
using System.Text;
using LocalFirst.Guard.Audit.Keys;

namespace LocalFirst.Guard.Audit.Storage;

/// <summary>
/// Lets one process write the log. The lock is the operating system's on an open file (flock on Unix, share mode on Windows), so a killed process
/// frees it; the process id inside is for people only.
/// </summary>
internal sealed class WriterLock : IDisposable
{
    private readonly FileStream _file;

    private WriterLock(FileStream file) => _file = file;

    /// <exception cref="AuditException">Another process holds it, or the file cannot be made.</exception>
    public static WriterLock Take(string databasePath)
    {
        var path = databasePath + ".lock";
        try
        {
            var file = new FileStream(path, PrivateFile.Options(FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            file.SetLength(0);
            file.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
            file.Flush();
            return new WriterLock(file);
        }
        catch (IOException e) when (File.Exists(path))
        {
            throw new AuditException($"The audit log {databasePath} is being written by {Holder(path)}.\n  → Stop that broker first, or name another home folder with --home DIR.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AuditException($"The lock {path} cannot be made.\n  → Check that its folder is yours and writable, and that the disk is not full.", e);
        }
    }

    public void Dispose() => _file.Dispose();

    private static string Holder(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(file);
            return int.TryParse(reader.ReadToEnd(), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? $"process {id}" : "another process";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "another process";
        }
    }
}
