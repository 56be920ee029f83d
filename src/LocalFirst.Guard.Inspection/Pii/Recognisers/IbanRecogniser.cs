namespace LocalFirst.Guard.Inspection.Pii.Recognisers;

/// <summary>Bank account numbers by ISO 13616: the country's exact length and the mod 97 check, compact or in groups of four.</summary>
internal sealed class IbanRecogniser : IRecogniser
{
    private const int MaxLength = 34;

    private readonly string _type;
    private readonly Dictionary<(char, char), int> _lengths;

    public IbanRecogniser()
    {
        var rules = PiiRuleFile.Load("iban.toml");
        _type = rules.Type;
        _lengths = rules.NumberTable("lengths").ToDictionary(entry => (entry.Key[0], entry.Key[1]), entry => entry.Value);
    }

    /// <inheritdoc/>
    public void Recognise(PiiScan scan, List<PiiHit> hits)
    {
        var text = scan.Text;
        var at = 0;
        while (at < text.Length)
        {
            // A check digit is the rarest sign of an IBAN's head: two letters and two digits at the start of a word.
            var skip = text.AsSpan(at).IndexOfAnyInRange('0', '9');
            if (skip < 0)
            {
                return;
            }

            var digit = at + skip;
            at = digit + 1;
            if (digit < 2 || !char.IsAsciiDigit(scan.At(digit + 1)) || !IsHead(scan, digit - 2))
            {
                continue;
            }

            var end = End(scan, digit - 2);
            if (end > 0)
            {
                hits.Add(new PiiHit("iban", _type, Tier.Verified, digit - 2, end, 0.99));
                at = end;
            }
        }
    }

    private static bool IsHead(PiiScan scan, int start) =>
        char.IsAsciiLetter(scan.Text[start])
        && char.IsAsciiLetter(scan.Text[start + 1])
        && char.IsAsciiLetterUpper(scan.Text[start]) == char.IsAsciiLetterUpper(scan.Text[start + 1])
        && !char.IsAsciiLetterOrDigit(scan.Before(start));

    /// <summary>Where the IBAN that begins here ends; 0 when there is none.</summary>
    private int End(PiiScan scan, int start)
    {
        var text = scan.Text;
        if (!_lengths.TryGetValue((char.ToUpperInvariant(text[start]), char.ToUpperInvariant(text[start + 1])), out var length))
        {
            return 0;
        }

        var upper = char.IsAsciiLetterUpper(text[start]);
        var separator = SeparatorAt(text, start + 4);
        Span<char> iban = stackalloc char[MaxLength];
        var count = 0;
        var at = start;
        while (count < length)
        {
            if (at >= text.Length)
            {
                return 0;
            }

            // Groups of four, all joined by the same separator.
            if (separator != '\0' && count > 0 && count % 4 == 0)
            {
                if (SeparatorAt(text, at) != separator || ++at >= text.Length)
                {
                    return 0;
                }
            }

            var c = text[at++];
            if (!char.IsAsciiLetterOrDigit(c) || (char.IsAsciiLetter(c) && char.IsAsciiLetterUpper(c) != upper))
            {
                return 0;
            }

            iban[count++] = c;
        }

        scan.Spend(length);
        var next = scan.At(at);
        var goesOn = char.IsAsciiLetterOrDigit(next) || (separator is '-' or '.' && next == separator && char.IsAsciiLetterOrDigit(scan.At(at + 1)));
        return !goesOn && Checksums.Mod97(iban[..length]) ? at : 0;
    }

    private static char SeparatorAt(string text, int at) => at >= text.Length ? '\0' : text[at] switch
    {
        ' ' or '\u00A0' or '\u202F' or '\u2007' or '\u2009' => ' ',
        '-' or '\u2010' or '\u2011' => '-',
        '.' => '.',
        _ => '\0',
    };
}
