namespace LocalFirst.Guard.Inspection.Pii;

/// <summary>
/// Finds the digit groups of a text. Literals that hold digits but belong to no person are consumed first, so that no recogniser can claim a part of
/// one (Presidio issues 71 and 1173: a GUID's tail as phone, a log's time stamp as person). One pass; every look-ahead is bounded.
/// </summary>
internal static class DigitGroups
{
    private const int UuidLength = 36;
    private const int MaxDottedGroups = 12;

    /// <summary>Dotted writings that people use for cards, phones and social security numbers; any other number with two dots or more is a version.</summary>
    private static readonly string[] DottedLayouts = ["444", "3334", "334", "22222", "4444", "465", "464", "324", "1334"];

    public static List<DigitGroup> Find(string text)
    {
        var groups = new List<DigitGroup>();
        var span = text.AsSpan();
        var at = 0;
        while (at < span.Length)
        {
            var skip = span[at..].IndexOfAnyInRange('0', '9');
            if (skip < 0)
            {
                break;
            }

            // The alphanumeric run around the digit; letters before it belong to it.
            var digit = at + skip;
            var start = digit;
            while (start > at && char.IsAsciiLetter(span[start - 1]))
            {
                start--;
            }

            at = Consume(span, start, groups);
        }

        return groups;
    }

    /// <summary>Consumes the run that starts here, as a literal or as one or two groups. Returns where to go on, always further on.</summary>
    private static int Consume(ReadOnlySpan<char> text, int start, List<DigitGroup> groups)
    {
        var end = start;
        var firstLetter = -1;
        var letters = 0;
        while (end < text.Length && char.IsAsciiLetterOrDigit(text[end]))
        {
            if (!char.IsAsciiDigit(text[end]))
            {
                firstLetter = letters++ == 0 ? end : firstLetter;
            }

            end++;
        }

        if (end - start == 8 && IsUuid(text[start..]))
        {
            return start + UuidLength;
        }

        // Letters and digits together are an identifier, a hash or a hexadecimal number; digits, x, digits is a phone with an extension.
        if (letters > 0)
        {
            if (letters == 1 && firstLetter > start + 1 && firstLetter < end - 1 && text[firstLetter] is 'x' or 'X')
            {
                groups.Add(new DigitGroup(start, firstLetter));
                groups.Add(new DigitGroup(firstLetter + 1, end));
            }

            return ConsumeTail(text, end);
        }

        var literal = LiteralEnd(text, start, end, groups);
        if (literal > end)
        {
            return literal;
        }

        if (end < text.Length && text[end] == '_' && end + 1 < text.Length && char.IsAsciiDigit(text[end + 1]))
        {
            // 1_000_000: digit separators of a number literal.
            while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] == '_'))
            {
                end++;
            }

            return end;
        }

        groups.Add(new DigitGroup(start, end));
        return end;
    }

    /// <summary>A hash or identifier goes on over dots and dashes that a pre-release version or an image tag uses (<c>a1b2.3</c>).</summary>
    private static int ConsumeTail(ReadOnlySpan<char> text, int end)
    {
        while (end + 1 < text.Length && text[end] == '.' && char.IsAsciiDigit(text[end + 1]))
        {
            end++;
            while (end < text.Length && char.IsAsciiLetterOrDigit(text[end]))
            {
                end++;
            }
        }

        return end;
    }

    private static bool IsUuid(ReadOnlySpan<char> text)
    {
        if (text.Length < UuidLength || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-')
        {
            return false;
        }

        for (var i = 0; i < UuidLength; i++)
        {
            if (i is not (8 or 13 or 18 or 23) && !char.IsAsciiHexDigit(text[i]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Where the literal (or dotted number) that begins with these digits ends; <paramref name="end"/> itself when they begin none.</summary>
    private static int LiteralEnd(ReadOnlySpan<char> text, int start, int end, List<DigitGroup> found)
    {
        var next = end < text.Length ? text[end] : '\0';
        return next switch
        {
            '.' => DateEnd(text, start, end) is var date && date > end ? date : DottedEnd(text, start, end, found),
            '-' or '/' => DateEnd(text, start, end),
            ':' => TimeEnd(text, start),
            _ => CompactTimestampEnd(text, start, end),
        };
    }

    /// <summary>Fractions, versions and network addresses; a dotted writing of a person's number adds its groups instead.</summary>
    private static int DottedEnd(ReadOnlySpan<char> text, int start, int end, List<DigitGroup> found)
    {
        Span<char> layout = stackalloc char[MaxDottedGroups];
        var groups = 0;
        var at = start;
        while (true)
        {
            var digits = DigitsAt(text, at);
            if (digits == 0)
            {
                break;
            }

            if (groups < MaxDottedGroups)
            {
                layout[groups] = (char)('0' + Math.Min(digits, 9));
            }

            groups++;
            at += digits;
            if (at + 1 >= text.Length || text[at] != '.' || !char.IsAsciiDigit(text[at + 1]))
            {
                break;
            }

            at++;
        }

        if (groups < 2)
        {
            return end;
        }

        if (IsPersonsWriting(layout[..Math.Min(groups, MaxDottedGroups)], groups) || (groups == 2 && start > 1 && text[start - 1] == '.' && text[start - 2] == ')'))
        {
            for (var from = start; from < at;)
            {
                var digits = DigitsAt(text, from);
                found.Add(new DigitGroup(from, from + digits));
                from += digits + 1;
            }

            return at;
        }

        // 10.0.0.1/24, 10.0.0.1:8080, 1.2.3-beta.4+5, 1.5e-9
        while (at + 1 < text.Length && (text[at] is '-' or '+' or '/' or ':' or '.' && char.IsAsciiLetterOrDigit(text[at + 1])))
        {
            at++;
            while (at < text.Length && char.IsAsciiLetterOrDigit(text[at]))
            {
                at++;
            }
        }

        while (at < text.Length && char.IsAsciiLetterOrDigit(text[at]))
        {
            at++;
        }

        return at;
    }

    private static bool IsPersonsWriting(ReadOnlySpan<char> layout, int groups)
    {
        if (groups != layout.Length)
        {
            return false;
        }

        foreach (var writing in DottedLayouts)
        {
            if (layout.SequenceEqual(writing))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A calendar date (year first or last), with the time of day behind it.</summary>
    private static int DateEnd(ReadOnlySpan<char> text, int start, int end)
    {
        var separator = text[end];
        var second = DigitsAt(text, end + 1);
        var secondEnd = end + 1 + second;
        if (second is 0 or > 2 || secondEnd >= text.Length || text[secondEnd] != separator)
        {
            return end;
        }

        var third = DigitsAt(text, secondEnd + 1);
        var at = secondEnd + 1 + third;
        if (third == 0 || (at + 1 < text.Length && text[at] == separator && char.IsAsciiDigit(text[at + 1])))
        {
            return end;
        }

        var a = Value(text[start..end]);
        var b = Value(text.Slice(end + 1, second));
        var c = Value(text.Slice(secondEnd + 1, third));
        var isDate = (end - start == 4 && third <= 2 && IsYear(a) && IsDayAndMonth(b, c))
            || (end - start <= 2 && third == 4 && IsYear(c) && IsDayAndMonth(a, b))
            || (end - start <= 2 && third == 2 && separator != '-' && IsDayAndMonth(a, b));
        if (!isDate)
        {
            return end;
        }

        if (at + 1 < text.Length && text[at] is 'T' or 't' or ' ' or '_' && char.IsAsciiDigit(text[at + 1]))
        {
            var time = TimeEnd(text, at + 1);
            return time > at + 1 ? time : at;
        }

        return at;
    }

    /// <summary>10:20, 10:20:30, 10:20:30.123456789, with a zone.</summary>
    private static int TimeEnd(ReadOnlySpan<char> text, int start)
    {
        var hour = DigitsAt(text, start);
        var at = start + hour;
        if (hour is 0 or > 2 || at >= text.Length || text[at] != ':' || DigitsAt(text, at + 1) != 2)
        {
            return start + hour;
        }

        at += 3;
        if (at < text.Length && text[at] == ':' && DigitsAt(text, at + 1) == 2)
        {
            at += 3;
            if (at + 1 < text.Length && text[at] is '.' or ',' && char.IsAsciiDigit(text[at + 1]))
            {
                at += 1 + DigitsAt(text, at + 1);
            }
        }

        if (at < text.Length && text[at] is 'Z' or 'z')
        {
            return at + 1;
        }

        if (at + 2 < text.Length && text[at] is '+' or '-' && DigitsAt(text, at + 1) is 2 or 4)
        {
            var zone = DigitsAt(text, at + 1);
            at += 1 + zone;
            if (zone == 2 && at < text.Length && text[at] == ':' && DigitsAt(text, at + 1) == 2)
            {
                at += 3;
            }
        }

        return at;
    }

    /// <summary>20240115102030: a time stamp without separators, alone or with a fraction.</summary>
    private static int CompactTimestampEnd(ReadOnlySpan<char> text, int start, int end)
    {
        if (end - start is not (14 or 17) || !IsYear(Value(text.Slice(start, 4))))
        {
            return end;
        }

        var isTime = IsDayAndMonth(Value(text.Slice(start + 4, 2)), Value(text.Slice(start + 6, 2)))
            && Value(text.Slice(start + 8, 2)) < 24 && Value(text.Slice(start + 10, 2)) < 60 && Value(text.Slice(start + 12, 2)) < 60;

        // One past the digits says "literal"; the character there is no digit and begins nothing by itself.
        return isTime ? end + 1 : end;
    }

    private static int DigitsAt(ReadOnlySpan<char> text, int at)
    {
        var digits = 0;
        while (at + digits < text.Length && char.IsAsciiDigit(text[at + digits]))
        {
            digits++;
        }

        return digits;
    }

    private static int Value(ReadOnlySpan<char> digits)
    {
        var value = 0;
        foreach (var digit in digits)
        {
            value = (value * 10) + (digit - '0');
        }

        return value;
    }

    private static bool IsYear(int value) => value is >= 1900 and <= 2199;

    private static bool IsDayAndMonth(int a, int b) => a >= 1 && b >= 1 && a <= 31 && b <= 31 && (a <= 12 || b <= 12);
}
