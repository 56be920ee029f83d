namespace LocalFirst.Guard.Inspection.Pii.Recognisers;

/// <summary>Payment card numbers: a brand's prefix and length (ISO/IEC 7812-1), Luhn's check, and the groupings that cards are written in.</summary>
internal sealed class CreditCardRecogniser : IRecogniser
{
    private const int MaxDigits = 19;
    private const int MinDigits = 12;

    /// <summary>Digits a group may have: 4-4-4-4 with up to 3 more, American Express 4-6-5, Diners Club 4-6-4.</summary>
    private static readonly int[][] Layouts = [[4, 4, 4, 4, 3], [4, 4, 4, 4, 2], [4, 4, 4, 4, 1], [4, 4, 4, 4], [4, 6, 5], [4, 6, 4]];

    private readonly string _type;
    private readonly Brand[] _brands;
    private readonly HashSet<int> _weakLengths;
    private readonly HashSet<string> _testNumbers;
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _isTest;
    private readonly ContextWords _context;

    public CreditCardRecogniser()
    {
        var rules = PiiRuleFile.Load("credit-card.toml");
        _type = rules.Type;
        _brands = [.. rules.Each("brand", table => new Brand(
            [.. ((Tomlyn.Model.TomlArray)table["prefixes"]).Select(prefix => PrefixRange.Parse((string)prefix!))],
            [.. rules.Integers(table, "lengths")]))];
        _weakLengths = [.. rules.Numbers("weak", "bare_lengths")];
        _testNumbers = [.. rules.Strings("test", "numbers")];
        _isTest = _testNumbers.GetAlternateLookup<ReadOnlySpan<char>>();
        _context = rules.Context();
    }

    /// <inheritdoc/>
    public void Recognise(PiiScan scan, List<PiiHit> hits)
    {
        var groups = scan.Groups;
        var at = 0;
        var free = 0;
        while (at < groups.Count)
        {
            var taken = groups[at].Length >= MinDigits ? Bare(scan, at, hits) : Grouped(scan, at, free, hits);
            if (taken > 0)
            {
                free = at + taken;
            }

            at += Math.Max(1, taken);
        }
    }

    /// <summary>A number without separators. Returns the groups taken: 1 or 0.</summary>
    private int Bare(PiiScan scan, int index, List<PiiHit> hits)
    {
        var group = scan.Groups[index];
        if (group.Length > MaxDigits || !scan.StandsAlone(group.Start, group.End) || scan.Before(group.Start) is '$' or '€' or '£')
        {
            return 0;
        }

        var digits = scan.Text.AsSpan(group.Start, group.Length);
        if (!Checksums.Luhn(digits))
        {
            return 0;
        }

        var listed = IsIssued(digits);
        if (!listed && digits[0] is < '2' or > '6')
        {
            return 0;
        }

        var says = _context.Around(scan, group.Start, group.End);
        if (says == ContextSays.Against || ((!listed || _weakLengths.Contains(group.Length)) && says != ContextSays.For))
        {
            return 0;
        }

        // An issuer that the list does not know, in the ranges of banks and merchants (ISO/IEC 7812-1): the word beside it makes it a card.
        hits.Add(listed
            ? Hit(digits, group.Start, group.End, says == ContextSays.For ? 0.99 : 0.9)
            : new PiiHit("credit-card-unlisted", _type, Tier.Context, group.Start, group.End, 0.85));
        return 1;
    }

    /// <summary>A number in groups. Returns the groups taken, 0 for none.</summary>
    /// <param name="scan">The scan.</param>
    /// <param name="index">The first group.</param>
    /// <param name="free">The first group that no card has taken yet.</param>
    /// <param name="hits">Where hits go.</param>
    private int Grouped(PiiScan scan, int index, int free, List<PiiHit> hits)
    {
        var groups = scan.Groups;
        if (groups[index].Length != 4 || index + 2 >= groups.Count)
        {
            return 0;
        }

        var separator = scan.Separator(index, index + 1);
        if (separator == '\0' || (index > free && scan.Separator(index - 1, index) == separator && (separator != ' ' || groups[index - 1].Length == 4)))
        {
            return 0;
        }

        Span<char> digits = stackalloc char[MaxDigits];
        foreach (var layout in Layouts)
        {
            if (!Fits(scan, index, layout, separator))
            {
                continue;
            }

            var count = Collect(scan, index, layout.Length, digits);
            if (!IsCard(digits[..count]))
            {
                continue;
            }

            var start = groups[index].Start;
            var end = groups[index + layout.Length - 1].End;
            if (!scan.StandsAlone(start, end) || (separator == ' ' && scan.IsInHexRow(start, end)))
            {
                continue;
            }

            // Four columns out of a table of four-digit numbers are a card only when the words say so.
            var next = index + layout.Length;
            var goesOn = next < groups.Count && scan.Separator(next - 1, next) == separator && groups[next].Length == 4 && !IsCardAt(scan, next, separator);
            if (goesOn && _context.Around(scan, start, end) != ContextSays.For)
            {
                continue;
            }

            hits.Add(Hit(digits[..count], start, end, 0.99));
            return layout.Length;
        }

        return 0;
    }

    private bool IsCardAt(PiiScan scan, int index, char separator)
    {
        Span<char> digits = stackalloc char[MaxDigits];
        return Fits(scan, index, Layouts[3], separator) && IsCard(digits[..Collect(scan, index, 4, digits)]);
    }

    private static bool Fits(PiiScan scan, int index, int[] layout, char separator)
    {
        if (index + layout.Length > scan.Groups.Count)
        {
            return false;
        }

        for (var i = 0; i < layout.Length; i++)
        {
            if (scan.Groups[index + i].Length != layout[i] || (i > 0 && scan.Separator(index + i - 1, index + i) != separator))
            {
                return false;
            }
        }

        return true;
    }

    private static int Collect(PiiScan scan, int index, int groups, Span<char> digits)
    {
        var count = 0;
        for (var i = 0; i < groups; i++)
        {
            var group = scan.Groups[index + i];
            scan.Text.AsSpan(group.Start, group.Length).CopyTo(digits[count..]);
            count += group.Length;
        }

        return count;
    }

    private PiiHit Hit(ReadOnlySpan<char> digits, int start, int end, double confidence) =>
        new(_isTest.Contains(digits) ? "credit-card-test" : "credit-card", _type, Tier.Verified, start, end, confidence);

    private bool IsCard(ReadOnlySpan<char> digits) => Checksums.Luhn(digits) && IsIssued(digits);

    private bool IsIssued(ReadOnlySpan<char> digits)
    {
        foreach (var brand in _brands)
        {
            if (brand.Issues(digits))
            {
                return true;
            }
        }

        return false;
    }

    private sealed record Brand(PrefixRange[] Prefixes, int[] Lengths)
    {
        public bool Issues(ReadOnlySpan<char> digits)
        {
            if (!Lengths.AsSpan().Contains(digits.Length))
            {
                return false;
            }

            foreach (var prefix in Prefixes)
            {
                if (prefix.Holds(digits))
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>Prefixes from one number to another of the same length, both included.</summary>
    private readonly record struct PrefixRange(int From, int To, int Length)
    {
        public static PrefixRange Parse(string range)
        {
            var dash = range.IndexOf('-', StringComparison.Ordinal);
            var from = dash < 0 ? range : range[..dash];
            var to = dash < 0 ? range : range[(dash + 1)..];
            return from.Length == to.Length
                ? new PrefixRange(int.Parse(from, System.Globalization.CultureInfo.InvariantCulture), int.Parse(to, System.Globalization.CultureInfo.InvariantCulture), from.Length)
                : throw new InvalidDataException($"The card prefix range {range} joins prefixes of different lengths.");
        }

        public bool Holds(ReadOnlySpan<char> digits)
        {
            var value = int.Parse(digits[..Length], System.Globalization.CultureInfo.InvariantCulture);
            return value >= From && value <= To;
        }
    }
}
