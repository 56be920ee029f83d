using System.Globalization;
using System.Text;

namespace LocalFirst.Guard.CommandLine;

/// <summary>Text from records and requests, made safe for a terminal: what it controls (escape sequences, direction overrides) is left out.</summary>
internal static class PlainText
{
    public static string Of(string text)
    {
        var plain = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator))
            {
                plain.Append(rune.ToString());
            }
        }

        return plain.ToString();
    }
}
