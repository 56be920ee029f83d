using System.Globalization;
using System.Text;

namespace LocalFirst.Guard.Reports;

/// <summary>Text from records as text: what controls a display (escape sequences, direction overrides, line breaks) is left out.</summary>
internal static class PlainRunes
{
    public static IEnumerable<Rune> Of(string text, bool keepLines = false)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if ((keepLines && rune.Value == '\n')
                || Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate))
            {
                yield return rune;
            }
        }
    }
}
