using System.Globalization;

namespace LocalFirst.Guard.Scanning;

/// <summary>JSON strings that hold half a surrogate pair: valid JSON (RFC 8259 section 8.2), but no Unicode text.</summary>
internal static class JsonText
{
    /// <summary>The code units of a valid JSON string.</summary>
    /// <param name="escaped">What stands between its quotes.</param>
    public static string Unescape(ReadOnlySpan<char> escaped)
    {
        var text = new char[escaped.Length];
        var length = 0;
        for (var at = 0; at < escaped.Length; at++)
        {
            if (escaped[at] != '\\')
            {
                text[length++] = escaped[at];
                continue;
            }

            at++;
            if (escaped[at] == 'u')
            {
                text[length++] = (char)ushort.Parse(escaped.Slice(at + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
                at += 4;
                continue;
            }

            text[length++] = escaped[at] switch
            {
                'b' => '\b',
                'f' => '\f',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                var itself => itself,
            };
        }

        return new string(text, 0, length);
    }
}
