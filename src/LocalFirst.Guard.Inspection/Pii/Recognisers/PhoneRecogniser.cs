using System.Collections.Frozen;
using PhoneNumbers;

namespace LocalFirst.Guard.Inspection.Pii.Recognisers;

/// <summary>
/// Phone numbers. Candidates come from the digit groups by a cheap gate (a <c>+</c>, an area code in parentheses, a telling word, or a national
/// writing in three groups and more); libphonenumber, the numbering plans of all countries, decides.
/// </summary>
internal sealed class PhoneRecogniser : IRecogniser
{
    /// <summary>ITU-T E.164: at most 15 digits; below 7 a number means nothing without its town.</summary>
    private const int MaxDigits = 15;
    private const int MinDigits = 7;

    /// <summary>More groups than a phone number is ever written in.</summary>
    private const int MaxGroups = 8;

    /// <summary>What asking one country's numbering plan costs, beside looking at a code unit.</summary>
    private const int WorkPerRegion = 8;

    private const int MaxExtensionDigits = 6;

    private readonly string _type;
    private readonly string[] _validRegions;
    private readonly string[] _possibleRegions;
    private readonly ContextWords _context;
    private readonly PhoneNumberUtil _plans = PhoneNumberUtil.GetInstance();
    private readonly FrozenSet<int> _callingCodes;

    public PhoneRecogniser()
    {
        var rules = PiiRuleFile.Load("phone.toml");
        _type = rules.Type;
        _validRegions = [.. rules.Strings("", "valid_regions")];
        _possibleRegions = [.. rules.Strings("", "possible_regions")];
        _context = rules.Context();
        _callingCodes = _plans.GetSupportedCallingCodes().ToFrozenSet();
    }

    /// <inheritdoc/>
    public void Recognise(PiiScan scan, List<PiiHit> hits)
    {
        var groups = scan.Groups;
        var first = 0;
        while (first < groups.Count)
        {
            var last = first;
            while (last + 1 < groups.Count && AreJoined(scan.Text, groups[last], groups[last + 1]))
            {
                last++;
            }

            Sequence(scan, first, last, hits);
            first = last + 1;
        }
    }

    /// <summary>One sequence of groups that nothing but separators divides.</summary>
    private void Sequence(PiiScan scan, int first, int last, List<PiiHit> hits)
    {
        var at = first;
        while (at <= last)
        {
            var taken = Take(scan, first, at, last, hits);
            at += Math.Max(1, taken);
        }
    }

    /// <summary>Tries the candidates that begin at a group, the longest first. Returns the groups taken, 0 for none.</summary>
    private int Take(PiiScan scan, int first, int at, int last, List<PiiHit> hits)
    {
        var start = Opening(scan, at, out var plus, out var paren);
        if (!FollowsNothing(scan, start, plus))
        {
            return 0;
        }

        // 1. How far a number can reach from here, in groups and digits.
        var reach = at;
        var digits = scan.Groups[at].Length;
        while (reach < last && reach - at + 1 < MaxGroups && digits + scan.Groups[reach + 1].Length <= MaxDigits && !HasPlus(scan, reach + 1))
        {
            digits += scan.Groups[++reach].Length;
        }

        if (digits is < MinDigits or > MaxDigits)
        {
            return 0;
        }

        // 2. The gate. Without any sign only a writing that fills its sequence, or a dashed one within it, is worth a look.
        var says = plus ? ContextSays.Nothing : _context.Around(scan, start, scan.Groups[reach].End);
        if (!plus && !paren && says == ContextSays.Against)
        {
            return 0;
        }

        var marked = plus || paren || says == ContextSays.For;
        if (!marked)
        {
            return Unmarked(scan, first, at, last, reach, hits);
        }

        // 3. The longest candidate that the numbering plans accept.
        for (var end = reach; end >= at; end--)
        {
            if (digits >= MinDigits && EndsCleanly(scan, end) && Judge(scan, start, at, end, plus, paren, says) is { } hit)
            {
                var extended = Extension(scan, end, out var groupsTaken);
                hits.Add(hit with { End = extended });
                return end - at + 1 + groupsTaken;
            }

            digits -= scan.Groups[end].Length;
        }

        return 0;
    }

    private int Unmarked(PiiScan scan, int first, int at, int last, int reach, List<PiiHit> hits)
    {
        // 212-736-5000 among other numbers; else the whole sequence from its first group to its last.
        var end = at;
        while (end < reach && scan.Separator(end, end + 1) is '-' or '.')
        {
            end++;
        }

        var dashed = end > at && (at == first || scan.Separator(at - 1, at) == ' ');
        if (!dashed || !IsNorthAmerican(scan, at, end))
        {
            if (at != first || reach != last || !IsSteadyWriting(scan, at, reach) || IsOtherNumber(scan, at, reach))
            {
                return 0;
            }

            end = reach;
        }

        if (!EndsCleanly(scan, end) || scan.Before(scan.Groups[at].Start) is '=' or '#' or ':' or '/' || scan.IsInHexRow(scan.Groups[at].Start, scan.Groups[end].End)
            || !IsValidSomewhere(scan, at, end))
        {
            return 0;
        }

        var stop = Extension(scan, end, out var groupsTaken);
        hits.Add(new PiiHit("phone-national", _type, Tier.Context, scan.Groups[at].Start, stop, 0.75));
        return end - at + 1 + groupsTaken;
    }

    private PiiHit? Judge(PiiScan scan, int start, int at, int end, bool plus, bool paren, ContextSays says)
    {
        var stop = scan.Groups[end].End;
        if (plus)
        {
            var number = International(scan, at, end);
            if (number is null)
            {
                return null;
            }

            says = _context.Around(scan, start, stop);
            var valid = _plans.IsValidNumber(number);
            if (!valid && says != ContextSays.For && !(end > at && _plans.IsPossibleNumber(number)))
            {
                return null;
            }

            if (!valid)
            {
                return _plans.IsPossibleNumber(number) || says == ContextSays.For ? new PiiHit("phone-international", _type, Tier.Context, start, stop, 0.7) : null;
            }

            // A bare number behind a '+' at the start of a line is a line that a diff added, unless the words say otherwise.
            var addedLine = end == at && says != ContextSays.For && scan.Text[start] == '+' && (start == 0 || scan.Text[start - 1] == '\n');
            return new PiiHit("phone-international", _type, addedLine ? Tier.Hint : Tier.Structural, start, stop, addedLine ? 0.3 : 0.97);
        }

        if (says == ContextSays.For && !IsRangeOfYears(scan, at, end) && IsPossibleSomewhere(scan, at, end))
        {
            return new PiiHit("phone-context", _type, Tier.Context, start, stop, 0.9);
        }

        return paren && end > at && IsValidSomewhere(scan, at, end)
            ? new PiiHit("phone-area-code", _type, says == ContextSays.Against ? Tier.Hint : Tier.Structural, start, stop, says == ContextSays.Against ? 0.4 : 0.85)
            : null;
    }

    /// <summary>Where a candidate begins: the digits, or the <c>+</c> or parenthesis before them.</summary>
    private static int Opening(PiiScan scan, int at, out bool plus, out bool paren)
    {
        var start = scan.Groups[at].Start;
        plus = scan.Before(start) == '+';
        if (plus)
        {
            start--;
        }

        var open = start;
        if (scan.Before(open) == ' ' && scan.Before(open - 1) == '(')
        {
            open--;
        }

        paren = scan.Before(open) == '(' && ClosesSoon(scan, at);

        // f(212) is a call: an identifier right before the parenthesis.
        if (paren && open > 1 && (char.IsAsciiLetterOrDigit(scan.Text[open - 2]) || scan.Text[open - 2] is '_' or ')' or ']'))
        {
            paren = false;
        }

        return paren ? open - 1 : start;
    }

    private static bool ClosesSoon(PiiScan scan, int at)
    {
        var end = scan.Groups[at].End;
        return scan.Groups[at].Length <= 5 && (scan.At(end) == ')' || (scan.At(end) == ' ' && scan.At(end + 1) == ')'));
    }

    private static bool HasPlus(PiiScan scan, int at) => scan.Before(scan.Groups[at].Start) == '+';

    /// <summary>Whether what stands before a candidate lets it begin there.</summary>
    private static bool FollowsNothing(PiiScan scan, int start, bool plus)
    {
        var before = scan.Before(start);
        if (plus && char.IsAsciiLetter(before))
        {
            return scan.Text[start] == '+';
        }

        return !char.IsAsciiLetterOrDigit(before) && before is not ('_' or '$' or '€' or '£' or '#' or '%' or '*' or '^' or '.')
            && !(before is '-' or '/' or ',' && start > 1 && char.IsAsciiLetterOrDigit(scan.Text[start - 2]));
    }

    private static bool EndsCleanly(PiiScan scan, int group)
    {
        var end = scan.Groups[group].End;
        var after = scan.At(end);
        var next = scan.At(end + 1);
        if (char.IsAsciiLetter(after))
        {
            return after is 'x' or 'X' && char.IsAsciiDigit(next);
        }

        return after is not ('_' or '%' or '=' or '*' or '^' or '€' or '$')
            && !(after is '-' or '/' or '.' or ':' or ',' or '+' && char.IsAsciiLetterOrDigit(next));
    }

    /// <summary>Groups of one number: blank, dash, dot, slash or parentheses between, and never two blanks, which divide columns.</summary>
    private static bool AreJoined(string text, DigitGroup left, DigitGroup right)
    {
        var between = text.AsSpan(left.End, right.Start - left.End);
        if (between.Length > 4)
        {
            return false;
        }

        var blanks = 0;
        var marks = 0;
        for (var i = 0; i < between.Length; i++)
        {
            switch (between[i])
            {
                case ' ' or '\u00A0' or '\u202F' or '\u2009':
                    if (i > 0 && between[i - 1] == between[i])
                    {
                        return false;
                    }

                    blanks++;
                    break;
                case '-' or '.' or '/' or '\u2010' or '\u2011' or '\u2013':
                    marks++;
                    break;
                case '(' or ')':
                    break;
                default:
                    return false;
            }
        }

        return between.Length > 0 && blanks <= 2 && marks <= 1;
    }

    /// <summary>Three groups or more, of two digits and more, divided by one and the same separator.</summary>
    private static bool IsSteadyWriting(PiiScan scan, int at, int end)
    {
        // Nobody writes a number in more than five groups; longer rows of pairs are hexadecimal dumps and tables.
        if (end - at is < 2 or > 4 || scan.Groups[at].Length < 2)
        {
            return false;
        }

        var separator = scan.Separator(at, at + 1);
        var digits = scan.Groups[at].Length;
        for (var i = at + 1; i <= end; i++)
        {
            if (separator == '\0' || scan.Separator(i - 1, i) != separator || scan.Groups[i].Length < 2)
            {
                return false;
            }

            digits += scan.Groups[i].Length;
        }

        return digits >= 9;
    }

    /// <summary>
    /// Dashes divide licences, serial and social security numbers too: with them, a national number must begin with its trunk prefix or come in
    /// pairs. Rows of a table are no number either.
    /// </summary>
    private static bool IsOtherNumber(PiiScan scan, int at, int end) =>
        (scan.Separator(at, at + 1) == '-' && scan.Text[scan.Groups[at].Start] != '0' && end - at < 3)
        || (end - at == 2 && scan.Groups[at].Length == 3 && scan.Groups[at + 1].Length == 2 && scan.Groups[end].Length == 4)
        || AreColumns(scan, at, end);

    /// <summary>Rows of code points (0399 0308 0301) and of bytes (255 255 149).</summary>
    private static bool AreColumns(PiiScan scan, int at, int end)
    {
        bool four = true, bytes = true;
        for (var i = at; i <= end; i++)
        {
            var group = scan.Groups[i];
            four &= group.Length == 4;
            bytes &= group.Length == 3 && scan.Text.AsSpan(group.Start, 3).CompareTo("255", StringComparison.Ordinal) <= 0;
        }

        return four || bytes;
    }

    private static bool IsNorthAmerican(PiiScan scan, int at, int end) => (end - at) switch
    {
        2 => scan.Groups[at].Length == 3 && scan.Groups[at + 1].Length == 3 && scan.Groups[end].Length == 4,
        3 => scan.Groups[at].Length == 1 && scan.Text[scan.Groups[at].Start] == '1' && IsNorthAmerican(scan, at + 1, end),
        _ => false,
    };

    /// <summary>2013-2022 in a copyright line, next to "Mobile".</summary>
    private static bool IsRangeOfYears(PiiScan scan, int at, int end) =>
        end - at == 1 && IsYear(scan, at) && IsYear(scan, end) && scan.Separator(at, end) == '-';

    private static bool IsYear(PiiScan scan, int at) =>
        scan.Groups[at].Length == 4 && scan.Text.AsSpan(scan.Groups[at].Start, 2) is "19" or "20";

    private PhoneNumber? International(PiiScan scan, int at, int end)
    {
        Span<char> digits = stackalloc char[MaxDigits + 1];
        digits[0] = '+';
        var count = 1 + Collect(scan, at, end, digits[1..]);
        var code = 0;
        for (var i = 1; i <= 3 && i < count; i++)
        {
            code = (code * 10) + (digits[i] - '0');
            if (_callingCodes.Contains(code))
            {
                scan.Spend(WorkPerRegion);
                return Parse(digits[..count].ToString(), region: null);
            }
        }

        return null;
    }

    private bool IsValidSomewhere(PiiScan scan, int at, int end) => Any(scan, at, end, _validRegions, _plans.IsValidNumber);

    private bool IsPossibleSomewhere(PiiScan scan, int at, int end) => Any(scan, at, end, _possibleRegions, _plans.IsPossibleNumber);

    private bool Any(PiiScan scan, int at, int end, string[] regions, Func<PhoneNumber, bool> accepts)
    {
        Span<char> buffer = stackalloc char[MaxDigits];
        var digits = buffer[..Collect(scan, at, end, buffer)].ToString();
        foreach (var region in regions)
        {
            scan.Spend(WorkPerRegion);
            if (Parse(digits, region) is { } number && accepts(number))
            {
                return true;
            }
        }

        return false;
    }

    private PhoneNumber? Parse(string digits, string? region)
    {
        try
        {
            return _plans.Parse(digits, region);
        }
        catch (NumberParseException)
        {
            return null;
        }
    }

    private static int Collect(PiiScan scan, int at, int end, Span<char> digits)
    {
        var count = 0;
        for (var i = at; i <= end; i++)
        {
            var group = scan.Groups[i];
            scan.Text.AsSpan(group.Start, group.Length).CopyTo(digits[count..]);
            count += group.Length;
        }

        return count;
    }

    /// <summary>Where the number ends with its extension (<c>x123</c>, <c>ext. 123</c>), and how many groups the extension took.</summary>
    private static int Extension(PiiScan scan, int last, out int groupsTaken)
    {
        groupsTaken = 0;
        var end = scan.Groups[last].End;
        if (last + 1 >= scan.Groups.Count || scan.Groups[last + 1].Length > MaxExtensionDigits)
        {
            return end;
        }

        var next = scan.Groups[last + 1];
        var between = scan.Text.AsSpan(end, next.Start - end);
        if (between.Length > 8)
        {
            return end;
        }

        var word = between.Trim(" .");
        if (word.Equals("x", StringComparison.OrdinalIgnoreCase) || word.Equals("ext", StringComparison.OrdinalIgnoreCase) || word.Equals("extn", StringComparison.OrdinalIgnoreCase))
        {
            groupsTaken = 1;
            return next.End;
        }

        return end;
    }
}
