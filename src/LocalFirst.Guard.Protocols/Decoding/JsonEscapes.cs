using System.Buffers;
using System.Globalization;
using System.Text;

namespace LocalFirst.Guard.Protocols;

/// <summary>
/// Undoes JSON's escapes (RFC 8259 §7). The framework's reader throws on <c>\ud800</c> without its partner; such a half is replaced here,
/// because a hostile string must still be inspected.
/// </summary>
internal static class JsonEscapes
{
    /// <param name="utf8">The inside of a JSON string whose syntax and encoding were checked.</param>
    public static string Undo(ReadOnlySpan<byte> utf8)
    {
        var rented = ArrayPool<char>.Shared.Rent(utf8.Length);
        var length = Encoding.UTF8.GetChars(utf8, rented);
        try
        {
            // In place: what is undone is never longer than what it was written as.
            var text = rented.AsSpan(0, length);
            var undone = Undo(text);
            ReplaceLoneSurrogates(undone);
            return new string(undone);
        }
        finally
        {
            // Cleared: a pool outlives the request, and text must not.
            rented.AsSpan(0, length).Clear();
            ArrayPool<char>.Shared.Return(rented);
        }
    }

    private static Span<char> Undo(Span<char> text)
    {
        var length = 0;
        for (var i = 0; i < text.Length;)
        {
            var plain = text[i..].IndexOf('\\');
            plain = plain < 0 ? text.Length - i : plain;
            text.Slice(i, plain).CopyTo(text[length..]);
            length += plain;
            i += plain;
            if (i >= text.Length)
            {
                break;
            }

            var c = text[i];
            if (i + 1 < text.Length)
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

            text[length++] = c;
            i++;
        }

        return text[..length];
    }

    private static char Unit(ReadOnlySpan<char> text, ref int i)
    {
        if (i + 4 <= text.Length - 1 && ushort.TryParse(text.Slice(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit))
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
            var next = chars[i..].IndexOfAnyInRange('\uD800', '\uDFFF');
            if (next < 0)
            {
                return;
            }

            i += next;
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
