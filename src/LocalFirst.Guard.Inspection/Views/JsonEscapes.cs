using System.Buffers;

namespace LocalFirst.Guard.Inspection.Views;

/// <summary>
/// Undoes the escapes of JSON strings (RFC 8259 section 7) in any text, JSON or not. A tool call's arguments are JSON inside a JSON string, and a
/// log of them is one level deeper, so a value may be hidden under several levels; each call undoes one.
/// </summary>
/// <remarks>
/// A JSON string cannot hold a raw line break. Lines without an escape therefore read the same one level down, and the decoded view keeps only the
/// lines that hold an escape, each with its neighbours (a keyword often stands on the line before its value): source code with a few
/// <c>\n</c> in it costs a few lines, not a second reading of everything.
/// </remarks>
internal static class JsonEscapes
{
    /// <summary>Undoes one level.</summary>
    /// <param name="view">The view to decode.</param>
    /// <returns>The view one level down, or null when the text holds no escape.</returns>
    public static TextView? Unescape(TextView view)
    {
        var text = view.Text;
        var escape = NextEscape(text, 0);
        if (escape < 0)
        {
            return null;
        }

        using var decoded = new Decoding(view);
        var from = 0;
        while (escape >= 0)
        {
            // 1. The block: from the line before the first escape …
            var start = Math.Max(from, LineStart(text, LineStart(text, escape) - 1));

            // 2. … to the line after the last escape that no clean line but its neighbours separates from the one before.
            var lineEnd = LineEnd(text, escape);
            var end = LineEnd(text, lineEnd);
            while ((escape = NextEscape(text, EscapeEnd(text, escape))) >= 0 && escape < end)
            {
                if (escape >= lineEnd)
                {
                    lineEnd = LineEnd(text, escape);
                    end = LineEnd(text, lineEnd);
                }
            }

            decoded.Append(start, end);
            from = end;
        }

        return decoded.ToView();
    }

    /// <summary>Whether the text holds an escape that hides a character: any but the backslash's own, which banners and paths are full of.</summary>
    /// <param name="text">The text.</param>
    public static bool HidesCharacters(string text)
    {
        for (var at = NextEscape(text, 0); at >= 0; at = NextEscape(text, EscapeEnd(text, at)))
        {
            if (text[at + 1] != '\\')
            {
                return true;
            }
        }

        return false;
    }

    private static int NextEscape(string text, int from)
    {
        while (from < text.Length)
        {
            var at = text.AsSpan(from).IndexOf('\\');
            if (at < 0)
            {
                return -1;
            }

            at += from;
            if (LengthOf(text, at) > 0)
            {
                return at;
            }

            from = at + 1;
        }

        return -1;
    }

    private static int EscapeEnd(string text, int escape) => escape + LengthOf(text, escape);

    /// <summary>Length of the escape that starts with the backslash at <paramref name="at"/>; 0 when JSON knows no such escape.</summary>
    private static int LengthOf(string text, int at)
    {
        if (at + 1 >= text.Length)
        {
            return 0;
        }

        return text[at + 1] switch
        {
            '"' or '\\' or '/' or 'b' or 'f' or 'n' or 'r' or 't' => 2,
            'u' when at + 5 < text.Length
                && char.IsAsciiHexDigit(text[at + 2]) && char.IsAsciiHexDigit(text[at + 3])
                && char.IsAsciiHexDigit(text[at + 4]) && char.IsAsciiHexDigit(text[at + 5]) => 6,
            _ => 0,
        };
    }

    private static char Decode(string text, int at) => text[at + 1] switch
    {
        'b' => '\b',
        'f' => '\f',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => (char)((HexValue(text[at + 2]) << 12) | (HexValue(text[at + 3]) << 8) | (HexValue(text[at + 4]) << 4) | HexValue(text[at + 5])),
        var itself => itself,
    };

    private static int HexValue(char digit) => char.IsAsciiDigit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10;

    private static int LineStart(string text, int at) => at <= 0 ? 0 : text.LastIndexOf('\n', at - 1) + 1;

    /// <summary>One past the line break that ends the line of <paramref name="at"/>.</summary>
    private static int LineEnd(string text, int at)
    {
        if (at >= text.Length)
        {
            return text.Length;
        }

        var lineBreak = text.IndexOf('\n', at);
        return lineBreak < 0 ? text.Length : lineBreak + 1;
    }

    /// <summary>The decoded text as it grows, with the place in the original of each of its code units.</summary>
    private sealed class Decoding(TextView view) : IDisposable
    {
        private readonly char[] _text = ArrayPool<char>.Shared.Rent(view.Text.Length);
        private readonly int[] _starts = ArrayPool<int>.Shared.Rent(view.Text.Length + 1);
        private int _length;
        private int _end;

        public void Append(int start, int end)
        {
            var text = view.Text;
            for (var at = start; at < end;)
            {
                var escape = text[at] == '\\' ? LengthOf(text, at) : 0;
                _starts[_length] = view.Map(at, at).Start;
                _text[_length++] = escape > 0 ? Decode(text, at) : text[at];
                at += Math.Max(escape, 1);
            }

            _end = view.Map(end, end).End;
        }

        public TextView ToView()
        {
            _starts[_length] = _end;
            return TextView.Decoded(view.Source, new string(_text, 0, _length), _starts[..(_length + 1)]);
        }

        public void Dispose()
        {
            // Cleared: a pool outlives the inspection, and text must not.
            ArrayPool<char>.Shared.Return(_text, clearArray: true);
            ArrayPool<int>.Shared.Return(_starts);
        }
    }
}
