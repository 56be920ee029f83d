using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Notes;

namespace LocalFirst.Guard.Portal.Pages.Fleet;

/// <summary>One log, with its signatures checked just now.</summary>
/// <param name="Head">The log.</param>
/// <param name="CosignedSize">Records that the newest cosigned checkpoint covers; 0 before the first.</param>
/// <param name="Cosigned">When this server cosigned it.</param>
/// <param name="Failure">What is wrong with it; null when nothing is.</param>
internal sealed record LogState(LogHead Head, long CosignedSize, DateTimeOffset? Cosigned, string? Failure)
{
    /// <summary>Checks the checkpoint of a log.</summary>
    /// <param name="head">The log.</param>
    /// <param name="witness">This server's key for cosignatures.</param>
    public static LogState Of(LogHead head, CosignatureKey witness)
    {
        if (head.Checkpoint.Length == 0)
        {
            return new LogState(head, 0, null, head.Failure);
        }

        try
        {
            var note = SignedNote.Parse(head.Checkpoint);
            var checkpoint = Checkpoint.Parse(note.Text);
            var failure =
                note.Verify(VerifierKey.Parse(head.VerifierKey)) != NoteVerdict.Good ? "SIG_BAD: the device's signature of the stored checkpoint does not hold; somebody changed this server's database."
                : witness.Verify(note) is null ? "SIG_BAD: this server's cosignature of the stored checkpoint does not hold; its key or its database was changed."
                : null;
            return new LogState(head, checkpoint.Size, witness.Verify(note), failure ?? head.Failure);
        }
        catch (FormatException)
        {
            return new LogState(head, 0, null, "SIG_BAD: the stored checkpoint cannot be read; somebody changed this server's database.");
        }
    }
}
