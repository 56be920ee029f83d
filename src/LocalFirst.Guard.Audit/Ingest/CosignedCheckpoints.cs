using System.Globalization;
using System.Text;
using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.Audit.Notes;

namespace LocalFirst.Guard.Audit.Ingest;

/// <summary>
/// The newest checkpoint of each epoch that the fleet's server cosigned, in the folder <c>cosigned</c> beside the log: what was cosigned cannot be altered
/// or dropped unnoticed by anybody on this device.
/// </summary>
/// <param name="databasePath">Path of the log's database.</param>
public sealed class CosignedCheckpoints(string databasePath)
{
    /// <summary>The folder.</summary>
    public string Folder { get; } = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(databasePath))!, "cosigned");

    /// <summary>The checkpoint of an epoch with the signatures of device and server; null when none was cosigned, or when it cannot be read.</summary>
    /// <param name="epoch">The epoch.</param>
    public string? Read(long epoch)
    {
        try
        {
            var note = File.ReadAllText(FileOf(epoch));
            _ = Checkpoint.Parse(SignedNote.Parse(note).Text);
            return note;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            return null;
        }
    }

    /// <summary>How many records of an epoch are cosigned for sure; 0 where the file is missing or its cosignature does not hold.</summary>
    /// <param name="origin">Origin line of the epoch's log.</param>
    /// <param name="witness">The server's key.</param>
    public long SizeOf(LogOrigin origin, CosignatureKey witness)
    {
        ArgumentNullException.ThrowIfNull(witness);
        if (Read(origin.Epoch) is not { } text)
        {
            return 0;
        }

        var note = SignedNote.Parse(text);
        var checkpoint = Checkpoint.Parse(note.Text);
        return checkpoint.Origin == origin.ToString() && witness.Verify(note) is not null ? checkpoint.Size : 0;
    }

    /// <summary>Keeps a checkpoint.</summary>
    /// <param name="epoch">The epoch.</param>
    /// <param name="note">The checkpoint with the signatures of device and server.</param>
    /// <exception cref="AuditException">It cannot be written.</exception>
    public void Keep(long epoch, string note)
    {
        ArgumentNullException.ThrowIfNull(note);
        try
        {
            PrivateFile.EnsureFolder(Folder);
            PrivateFile.Replace(FileOf(epoch), Encoding.UTF8.GetBytes(note));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AuditException($"The cosignature cannot be kept in {Folder} ({e.GetType().Name}).\n  → Check that the folder is yours and writable, and that the disk is not full.", e);
        }
    }

    private string FileOf(long epoch) => Path.Combine(Folder, epoch.ToString(CultureInfo.InvariantCulture) + ".note");
}
