using System.Globalization;
using LocalFirst.Guard.Audit.Merkle;

namespace LocalFirst.Guard.Audit.Notes;

/// <summary>What a log commits to (C2SP tlog-checkpoint): origin, size in decimal, root hash in base64, one a line.</summary>
/// <param name="Origin">Names the log for ever.</param>
/// <param name="Size">Number of leaves.</param>
/// <param name="Root">Root hash, 32 bytes.</param>
public sealed record Checkpoint(string Origin, long Size, byte[] Root)
{
    /// <summary>The text that is signed, with its final line feed.</summary>
    public string ToText() => $"{Origin}\n{Size.ToString(CultureInfo.InvariantCulture)}\n{Convert.ToBase64String(Root)}\n";

    /// <summary>Reads the text of a note; extension lines are allowed by the specification and ignored.</summary>
    /// <param name="text">The text of a note.</param>
    /// <exception cref="FormatException">Not a checkpoint.</exception>
    public static Checkpoint Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var lines = text.Split('\n');
        if (lines.Length < 4 || lines[0].Length == 0 || !StrictText.TryParseNumber(lines[1], out var size))
        {
            throw new FormatException("A checkpoint is an origin, a size and a root hash, one a line.");
        }

        var root = StrictText.FromBase64(lines[2]);
        return root.Length == MerkleHash.Size ? new Checkpoint(lines[0], size, root) : throw new FormatException("The root hash of the checkpoint has the wrong length.");
    }
}
