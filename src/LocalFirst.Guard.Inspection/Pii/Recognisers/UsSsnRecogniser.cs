namespace LocalFirst.Guard.Inspection.Pii.Recognisers;

/// <summary>US social security numbers: dashed by their structure alone, every other writing beside a telling word.</summary>
internal sealed class UsSsnRecogniser : IRecogniser
{
    private readonly string _type;
    private readonly HashSet<string> _testNumbers;
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _isTest;
    private readonly ContextWords _context;

    public UsSsnRecogniser()
    {
        var rules = PiiRuleFile.Load("us-ssn.toml");
        _type = rules.Type;
        _testNumbers = [.. rules.Strings("test", "numbers")];
        _isTest = _testNumbers.GetAlternateLookup<ReadOnlySpan<char>>();
        _context = rules.Context();
    }

    /// <inheritdoc/>
    public void Recognise(PiiScan scan, List<PiiHit> hits)
    {
        var at = 0;
        while (at < scan.Groups.Count)
        {
            at += Math.Max(1, Take(scan, at, hits));
        }
    }

    /// <summary>Returns the groups taken, 0 for none.</summary>
    private int Take(PiiScan scan, int index, List<PiiHit> hits)
    {
        var groups = scan.Groups;
        var lengths = (groups[index].Length, Length(groups, index + 1), Length(groups, index + 2));
        var taken = lengths switch
        {
            (3, 2, 4) when Joined(scan, index, 2) => 3,
            (3, 6, _) or (5, 4, _) when Joined(scan, index, 1) => 2,
            (9, _, _) => 1,
            _ => 0,
        };
        if (taken == 0)
        {
            return 0;
        }

        var start = groups[index].Start;
        var end = groups[index + taken - 1].End;
        Span<char> digits = stackalloc char[9];
        var count = 0;
        for (var i = 0; i < taken; i++)
        {
            var group = groups[index + i];
            scan.Text.AsSpan(group.Start, group.Length).CopyTo(digits[count..]);
            count += group.Length;
        }

        if (!IsIssued(digits) || !scan.StandsAlone(start, end) || scan.Before(start) is '$' or '#' or '/')
        {
            return 0;
        }

        var rule = _isTest.Contains(digits) ? "us-ssn-test" : "us-ssn";
        var says = _context.Around(scan, start, end);
        var dashed = taken == 3 && scan.Separator(index, index + 1) == '-';
        if (dashed)
        {
            // The structure stands even beside a word that names something else, but then it only hints.
            var tier = says == ContextSays.Against ? Tier.Hint : Tier.Structural;
            hits.Add(new PiiHit(rule, _type, tier, start, end, says switch { ContextSays.For => 0.98, ContextSays.Nothing => 0.85, _ => 0.3 }));
            return taken;
        }

        if (says == ContextSays.For)
        {
            hits.Add(new PiiHit(rule, _type, Tier.Context, start, end, 0.9));
            return taken;
        }

        return 0;
    }

    private static int Length(List<DigitGroup> groups, int index) => index < groups.Count ? groups[index].Length : 0;

    /// <summary>Whether the next <paramref name="joins"/> groups follow with one and the same separator.</summary>
    private static bool Joined(PiiScan scan, int index, int joins)
    {
        var separator = scan.Separator(index, index + 1);
        return separator != '\0' && (joins == 1 || scan.Separator(index + 1, index + 2) == separator);
    }

    private static bool IsIssued(ReadOnlySpan<char> digits) =>
        digits[0] != '9'
        && !digits[..3].SequenceEqual("000")
        && !digits[..3].SequenceEqual("666")
        && !digits[3..5].SequenceEqual("00")
        && !digits[5..].SequenceEqual("0000");
}
