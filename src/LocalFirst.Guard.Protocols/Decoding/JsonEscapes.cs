using System.Buffers;
using System.Globalization;

namespace LocalFirst.Guard.Protocols;

/// <summary>
/// Undoes JSON's escapes (RFC 8259 §7). The framework's reader throws on <c>\ud800</c> without its partner; such a half is replaced here,
/// because a hostile string must still be inspected.
/// </summary>
internal static class JsonEscapes
{
    /// <param name="text">The inside of a JSON string whose syntax a reader has checked.</param>
    public static string Undo(string text)
    {
        var rented = ArrayPool<char>.Shared.Rent(text.Length);
        try
        {
            var length = 0;
            for (var i = 0; i < text.Length; i++)
            {
                var c = text[i];
                if (c == '\\' && i + 1 < text.Length)
                {
                    c = text[++i] switch
                    {
                        'b' => '\b',
                        'f' => '\f',
                        'n' => '\n',
                        'r' => '\r',
                        't' => '\t',
                        'u' => Unit(text, ref i),
                        var same => same,
                    };
                }

                rented[length++] = c;
            }

            ReplaceLoneSurrogates(rented.AsSpan(0, length));
            return new string(rented, 0, length);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(rented, clearArray: true);
        }
    }

    private static char Unit(string text, ref int i)
    {
        if (i + 4 <= text.Length - 1 && ushort.TryParse(text.AsSpan(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit))
        {
            i += 4;
            return (char)unit;
        }

        return '\uFFFD';
    }

    private static void ReplaceLoneSurrogates(Span<char> chars)
    {
        for (var i = 0; i < chars.Length; i++)
        {
            if (!char.IsSurrogate(chars[i]))
            {
                continue;
            }

            if (char.IsHighSurrogate(chars[i]) && i + 1 < chars.Length && char.IsLowSurrogate(chars[i + 1]))
            {
                i++;
            }
            else
            {
                chars[i] = '\uFFFD';
            }
        }
    }
}
