using System.Buffers.Binary;
using System.Text;

namespace LocalFirst.Guard.Audit.Notes;

/// <summary>How a note stands to a key.</summary>
public enum NoteVerdict
{
    /// <summary>Signed by the key.</summary>
    Good,

    /// <summary>A line claims the key, but the signature is not over this text.</summary>
    Bad,

    /// <summary>No line is by the key.</summary>
    Unknown,
}

/// <summary>A parsed note (C2SP signed-note, "Format"): text, empty line, signature lines <c>— name base64(key id ‖ signature)</c>.</summary>
public sealed class SignedNote
{
    /// <summary>EM DASH and a space begin a signature line.</summary>
    public const string LinePrefix = "\u2014 ";

    /// <summary>More signature lines than any log, witness and mirror together put on a checkpoint: bounds the work on hostile input.</summary>
    private const int MaxSignatures = 100;

    private readonly List<(string Name, uint Id, byte[] Signature)> _signatures;

    private SignedNote(string text, List<(string Name, uint Id, byte[] Signature)> signatures)
    {
        Text = text;
        _signatures = signatures;
    }

    /// <summary>The signed text with its final line feed.</summary>
    public string Text { get; }

    /// <summary>Reads a note. Nothing is verified yet.</summary>
    /// <param name="note">The whole note.</param>
    /// <exception cref="FormatException">Not a signed note.</exception>
    public static SignedNote Parse(string note)
    {
        ArgumentNullException.ThrowIfNull(note);
        var split = note.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (split < 0 || split + 2 >= note.Length || !note.EndsWith('\n') || note.Any(c => char.IsControl(c) && c != '\n'))
        {
            throw new FormatException("A signed note is a text, an empty line and signature lines.");
        }

        var lines = note[(split + 2)..^1].Split('\n');
        if (lines.Length > MaxSignatures)
        {
            throw new FormatException("The note has too many signature lines.");
        }

        return new SignedNote(note[..(split + 1)], [.. lines.Select(ParseLine)]);
    }

    /// <summary>How the note stands to a key.</summary>
    /// <param name="key">The key.</param>
    public NoteVerdict Verify(VerifierKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var own = _signatures.Where(s => s.Name == key.Name && s.Id == key.Id).ToList();
        if (own.Count == 0)
        {
            return NoteVerdict.Unknown;
        }

        // Two lines by one key: every one of them has to hold, or the note says two things under one name.
        var text = Encoding.UTF8.GetBytes(Text);
        return own.All(s => key.Verify(text, s.Signature)) ? NoteVerdict.Good : NoteVerdict.Bad;
    }

    /// <summary>The signature line of a key, with its line feed: what is kept of a note when lines of strangers are dropped.</summary>
    internal string LineOf(VerifierKey key)
    {
        var (name, id, signature) = _signatures.First(s => s.Name == key.Name && s.Id == key.Id);
        var blob = new byte[4 + signature.Length];
        BinaryPrimitives.WriteUInt32BigEndian(blob, id);
        signature.CopyTo(blob, 4);
        return $"{LinePrefix}{name} {Convert.ToBase64String(blob)}\n";
    }

    /// <summary>What the lines of one key hold besides the key id.</summary>
    internal IEnumerable<byte[]> SignaturesOf(string name, uint id) => _signatures.Where(s => s.Name == name && s.Id == id).Select(s => s.Signature);

    private static (string Name, uint Id, byte[] Signature) ParseLine(string line)
    {
        var parts = line.Split(' ');
        if (parts.Length != 3 || parts[0] + " " != LinePrefix || !VerifierKey.IsName(parts[1]))
        {
            throw new FormatException("A signature line is written '— name base64'.");
        }

        var blob = StrictText.FromBase64(parts[2]);
        if (blob.Length < 5)
        {
            throw new FormatException("A signature line holds a key id of four bytes and a signature.");
        }

        return (parts[1], BinaryPrimitives.ReadUInt32BigEndian(blob), blob[4..]);
    }
}
