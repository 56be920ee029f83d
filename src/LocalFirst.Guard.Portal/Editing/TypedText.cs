using System.Text;
using LocalFirst.Guard.Policies.Yaml;

namespace LocalFirst.Guard.Portal.Editing;

/// <summary>Text out of a form's text area.</summary>
internal static class TypedText
{
    /// <summary>Largest text that is taken, in bytes of UTF-8: what the reader of such files takes.</summary>
    public const int MaxBytes = YamlReader.MaxBytes;

    /// <summary>Largest form, in bytes: two such texts, every byte of them written as three.</summary>
    public const int MaxFormBytes = 2 * 3 * MaxBytes + 64 * 1024;

    /// <summary>The text with line feeds alone, ending in one: browsers send CR LF (HTML standard, "constructing the entry list").</summary>
    public static string Normal(string? text)
    {
        var normal = (text ?? "").ReplaceLineEndings("\n").TrimEnd('\n', ' ');
        return normal.Length == 0 ? "" : normal + "\n";
    }

    /// <summary>A sentence when it is too long; null when it is not.</summary>
    public static EditProblem? TooLong(string text, string name) => Encoding.UTF8.GetByteCount(text) > MaxBytes
        ? new EditProblem(name, null, "", $"This text has more than {MaxBytes / 1024} KB.", "Shorten it: what a person cannot read through is no policy.")
        : null;
}
