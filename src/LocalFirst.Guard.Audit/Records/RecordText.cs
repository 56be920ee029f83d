using System.Text;
using LocalFirst.Guard.Audit.Canonical;

namespace LocalFirst.Guard.Audit.Records;

/// <summary>Bounds the strings of a record, so that every record fits its limit whatever a request brings.</summary>
internal static class RecordText
{
    private static readonly Rune Ellipsis = new('…');

    /// <summary>
    /// The string with lone surrogates replaced by U+FFFD, cut at a code point and ended with <c>…</c> when its canonical form would be longer than
    /// <paramref name="maxBytes"/>. Counting encoded bytes, not characters, keeps the bound true for text that is all escapes.
    /// </summary>
    public static string Bound(string text, int maxBytes)
    {
        if (text.Length <= maxBytes && !text.AsSpan().ContainsAnyExceptInRange(' ', '~') && !text.AsSpan().ContainsAny('"', '\\'))
        {
            return text;
        }

        var whole = new StringBuilder(Math.Min(text.Length, maxBytes));
        var bytes = 0;
        var cutAt = 0;
        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            // DecodeFromUtf16 yields U+FFFD for a lone surrogate.
            _ = Rune.DecodeFromUtf16(rest, out var rune, out var used);
            bytes += CanonicalWriter.EncodedLength(rune);
            if (bytes > maxBytes)
            {
                return whole.ToString(0, cutAt) + Ellipsis;
            }

            whole.Append(rune.ToString());
            if (bytes <= maxBytes - Ellipsis.Utf8SequenceLength)
            {
                cutAt = whole.Length;
            }

            rest = rest[used..];
        }

        return whole.ToString();
    }
}
