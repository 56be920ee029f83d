using System.Text;
using LocalFirst.Guard.Audit.Notes;
using Microsoft.Win32.SafeHandles;

namespace LocalFirst.Guard.Audit.Keys;

/// <summary>
/// The last signed checkpoint, kept outside the database (<c>keys/checkpoint.last</c>): a database that was rolled back or replaced no longer fits it.
/// The file has one fixed length and is overwritten in place with one write, without a flush to disk: a killed process loses nothing of it, and after
/// a power loss it is at worst older than the database, which is what the next start expects anyway. Never being newer is what matters, so it is
/// written only after the commit.
/// </summary>
internal sealed class ForkGuard : IDisposable
{
    public const string FileName = "checkpoint.last";

    /// <summary>One disk sector: an overwrite in place is not torn. The longest checkpoint of this product has under 320 bytes.</summary>
    private const int Bytes = 512;

    private readonly SafeFileHandle _file;

    private ForkGuard(SafeFileHandle file) => _file = file;

    /// <summary>Makes the file of a device that has signed nothing yet.</summary>
    public static void Create(string folder) =>
        PrivateFile.ReadOrCreate(Path.Combine(folder, FileName), () => Pad(""));

    /// <summary>What the file says: null when it is missing or holds no readable note; empty when nothing was signed yet.</summary>
    public static string? Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        try
        {
            var text = Encoding.UTF8.GetString(File.ReadAllBytes(path)).TrimEnd('\0');
            return text.Length == 0 ? "" : SignedNote.Parse(text) is not null ? text : null;
        }
        catch (Exception e) when (e is FormatException or FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AuditException($"The checkpoint kept in {path} cannot be read.\n  → Check that the file is yours.", e);
        }
    }

    public static ForkGuard Open(string folder)
    {
        var path = Path.Combine(folder, FileName);
        try
        {
            if (!File.Exists(path))
            {
                Create(folder);
            }

            return new ForkGuard(File.OpenHandle(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AuditException($"The checkpoint kept in {path} cannot be written.\n  → Check that the file is yours and writable.", e);
        }
    }

    public void Write(string note) => RandomAccess.Write(_file, Pad(note), 0);

    public void Dispose() => _file.Dispose();

    private static byte[] Pad(string note)
    {
        var bytes = new byte[Bytes];
        Encoding.UTF8.GetBytes(note, bytes);
        return bytes;
    }
}
