using System.Globalization;
using System.Text;
using LocalFirst.Guard.Audit.Merkle;
using LocalFirst.Guard.Audit.Notes;

namespace LocalFirst.Guard.Audit.Ingest;

/// <summary>The body of <c>add-checkpoint</c> (C2SP tlog-witness): <c>old SIZE</c>, a consistency proof in base64 lines, an empty line, the checkpoint.</summary>
/// <param name="OldSize">Size that the sender believes to be stored.</param>
/// <param name="Proof">Consistency proof from it to the checkpoint.</param>
/// <param name="Note">The signed checkpoint.</param>
internal sealed record CheckpointRequest(long OldSize, IReadOnlyList<byte[]> Proof, string Note)
{
    /// <summary>Longest proof: a tree has at most 63 levels (C2SP tlog-witness).</summary>
    public const int MaxProof = 63;

    public string ToText()
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"old {OldSize}\n");
        foreach (var hash in Proof)
        {
            text.Append(Convert.ToBase64String(hash)).Append('\n');
        }

        return text.Append('\n').Append(Note).ToString();
    }

    /// <exception cref="FormatException">Not such a body.</exception>
    public static CheckpointRequest Parse(string body)
    {
        var split = body.IndexOf("\n\n", StringComparison.Ordinal);
        var lines = split < 0 ? [] : body[..split].Split('\n');
        if (lines.Length is 0 or > MaxProof + 1 || !lines[0].StartsWith("old ", StringComparison.Ordinal)
            || !StrictText.TryParseNumber(lines[0].AsSpan(4), out var old))
        {
            throw new FormatException("The body is 'old SIZE', proof lines, an empty line and a checkpoint.");
        }

        var proof = lines.Skip(1).Select(StrictText.FromBase64).ToList();
        return proof.All(h => h.Length == MerkleHash.Size)
            ? new CheckpointRequest(old, proof, body[(split + 2)..])
            : throw new FormatException("A proof line is not a hash of 32 bytes.");
    }
}
