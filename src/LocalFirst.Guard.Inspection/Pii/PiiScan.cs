namespace LocalFirst.Guard.Inspection.Pii;

/// <summary>One text under examination: what all recognisers share, found once.</summary>
internal sealed class PiiScan(string text, Zone zone, WorkBudget budget)
{
    public string Text { get; } = text;

    public Zone Zone { get; } = zone;

    /// <summary>Digit runs left over when literals that hold digits (UUIDs, hashes, addresses, dates, versions, fractions) are taken out.</summary>
    public List<DigitGroup> Groups { get; } = DigitGroups.Find(text);

    public void Spend(long units) => budget.Spend(units);

    /// <summary>The code unit before <paramref name="index"/>, or NUL at the start.</summary>
    public char Before(int index) => index > 0 ? Text[index - 1] : '\0';

    /// <summary>The code unit at <paramref name="index"/>, or NUL past the end.</summary>
    public char At(int index) => index < Text.Length ? Text[index] : '\0';

    /// <summary>
    /// The one separator between two neighbouring groups: <c>' '</c> for any blank, <c>'-'</c>, <c>'.'</c>; NUL when anything else lies between.
    /// </summary>
    public char Separator(int left, int right)
    {
        var start = Groups[left].End;
        return Groups[right].Start - start != 1 ? '\0' : Text[start] switch
        {
            ' ' or '\u00A0' or '\u202F' or '\u2007' or '\u2009' => ' ',
            '-' or '\u2010' or '\u2011' or '\u2013' => '-',
            '.' => '.',
            _ => '\0',
        };
    }

    /// <summary>Whether the characters around a span leave it standing alone: no word, number or dashed identifier goes on at either side.</summary>
    public bool StandsAlone(int start, int end)
    {
        var before = Before(start);
        var after = At(end);
        if (char.IsAsciiLetterOrDigit(before) || char.IsAsciiLetterOrDigit(after))
        {
            return false;
        }

        if (before is '-' or '.' or '+' && start > 1 && char.IsAsciiLetterOrDigit(Text[start - 2]))
        {
            return false;
        }

        // A fraction without its zero: ".4539…".
        if (before == '.')
        {
            return false;
        }

        return !(after is '-' or '.' or '_' or '+' && char.IsAsciiLetterOrDigit(At(end + 1)) && (after != '.' || char.IsAsciiDigit(At(end + 1))));
    }

    /// <summary>Whether a neighbouring word is hexadecimal (<c>79DB</c>): the digits are then a piece of a dump or of a code point table.</summary>
    public bool IsInHexRow(int start, int end)
    {
        if (Before(start) == ' ')
        {
            var from = start - 1;
            while (from > 0 && start - from <= 8 && char.IsAsciiLetterOrDigit(Text[from - 1]))
            {
                from--;
            }

            if (IsHexWord(Text.AsSpan(from, start - 1 - from)))
            {
                return true;
            }
        }

        if (At(end) != ' ')
        {
            return false;
        }

        var to = end + 1;
        while (to < Text.Length && to - end <= 8 && char.IsAsciiLetterOrDigit(Text[to]))
        {
            to++;
        }

        return IsHexWord(Text.AsSpan(end + 1, to - end - 1));
    }

    private static bool IsHexWord(ReadOnlySpan<char> word)
    {
        bool digit = false, letter = false;
        foreach (var c in word)
        {
            if (!char.IsAsciiHexDigit(c))
            {
                return false;
            }

            digit |= char.IsAsciiDigit(c);
            letter |= !char.IsAsciiDigit(c);
        }

        return digit && letter;
    }
}
