namespace LocalFirst.Guard.Inspection.Pii;

/// <summary>What the words beside a value say of it.</summary>
internal enum ContextSays
{
    /// <summary>Nothing.</summary>
    Nothing,

    /// <summary>The nearest known word names the type.</summary>
    For,

    /// <summary>The nearest known word names something else.</summary>
    Against,
}

/// <summary>
/// Looks for telling words near a value, also inside identifiers (<c>customerSsn</c>, <c>CARD_NO</c>): Amazon Macie's rule that a bare number needs
/// a keyword within some 30 characters or in its field name. The nearest word before the value decides, so that "card 12345678, phone 12345678"
/// gives each number its own.
/// </summary>
internal sealed class ContextWords
{
    /// <summary>Code units looked at before a value.</summary>
    public const int Left = 45;

    /// <summary>Code units looked at after a value.</summary>
    public const int Right = 15;

    private readonly string[] _for;
    private readonly string[] _against;

    public ContextWords(IEnumerable<string> telling, IEnumerable<string> against)
    {
        _for = [.. telling.Select(Pad)];
        _against = [.. against.Select(Pad)];
    }

    /// <summary>What the words around a span say.</summary>
    public ContextSays Around(PiiScan scan, int start, int end)
    {
        scan.Spend(Left + Right);
        Span<char> words = stackalloc char[(2 * Left) + 4];
        var before = Normalise(CutToWord(scan.Text, start), words);
        var nearestFor = Last(words[..before], _for);
        var nearestAgainst = Last(words[..before], _against);
        if (nearestFor >= 0 || nearestAgainst >= 0)
        {
            return nearestFor >= nearestAgainst ? ContextSays.For : ContextSays.Against;
        }

        // After the value only the same line counts: the next line's key belongs to the next value.
        var after = scan.Text.AsSpan(end, Math.Min(Right, scan.Text.Length - end));
        var newLine = after.IndexOfAny('\n', '\r');
        var length = Normalise(newLine < 0 ? after : after[..newLine], words);
        return Last(words[..length], _for) >= 0 ? ContextSays.For : ContextSays.Nothing;
    }

    /// <summary>The window before <paramref name="start"/>, without the torn word at its beginning.</summary>
    private static ReadOnlySpan<char> CutToWord(string text, int start)
    {
        var from = Math.Max(0, start - Left);
        if (from > 0)
        {
            while (from < start && char.IsAsciiLetter(text[from]) && char.IsAsciiLetter(text[from - 1]))
            {
                from++;
            }
        }

        return text.AsSpan(from, start - from);
    }

    /// <summary>Lower case, identifiers split at case borders, everything but letters a single blank, blanks at both ends.</summary>
    private static int Normalise(ReadOnlySpan<char> window, Span<char> words)
    {
        var length = 0;
        words[length++] = ' ';
        for (var i = 0; i < window.Length; i++)
        {
            var c = window[i];
            if (!char.IsLetter(c))
            {
                if (words[length - 1] != ' ')
                {
                    words[length++] = ' ';
                }

                continue;
            }

            if (char.IsAsciiLetterUpper(c) && i > 0 && char.IsAsciiLetterLower(window[i - 1]))
            {
                words[length++] = ' ';
            }

            words[length++] = char.ToLowerInvariant(c);
        }

        if (words[length - 1] != ' ')
        {
            words[length++] = ' ';
        }

        return length;
    }

    private static int Last(ReadOnlySpan<char> words, string[] known)
    {
        var last = -1;
        foreach (var word in known)
        {
            var at = words.LastIndexOf(word, StringComparison.Ordinal);
            if (at >= 0)
            {
                last = Math.Max(last, at + word.Length);
            }
        }

        return last;
    }

    /// <summary>Words of scripts without blanks match anywhere, all others as whole words.</summary>
    private static string Pad(string word) => word.Any(c => c >= '\u2E80') ? word : $" {word} ";
}
