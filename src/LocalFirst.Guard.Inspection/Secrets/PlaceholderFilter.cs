namespace LocalFirst.Guard.Inspection.Secrets;

/// <summary>What a value reads as.</summary>
internal enum ValueKind
{
    /// <summary>Nothing speaks against a secret.</summary>
    Ordinary,

    /// <summary>Perhaps typed by hand, to try something: <c>abcdefgh1234567890</c>, <c>…FAKE…</c>. A real password can look like it.</summary>
    TestValue,

    /// <summary>Stands where a secret would.</summary>
    Placeholder,
}

/// <summary>
/// Tells values that stand where a secret would (<c>xxxx</c>, <c>YOUR_KEY_HERE</c>, the examples of a provider's documentation) from secrets. A model
/// is shown documentation all day; a guard that stops it for <c>sk-xxxx</c> is switched off.
/// </summary>
internal sealed class PlaceholderFilter
{
    // In a value of random letters a word of five or fewer in one case alone is rare enough; longer ones are rare in any case.
    private const int AnyCaseFrom = 6;

    // Six equal characters in a row: below 1 in 10,000 for 40 random hexadecimal digits, far below for larger alphabets.
    private const int LongestHonestRun = 5;

    private const int LongestPeriod = 10;

    private readonly WordList _placeholders;
    private readonly WordList _testWords;

    /// <summary>A filter that knows these words, each of at least four characters.</summary>
    /// <param name="placeholders">Words that only placeholders hold.</param>
    /// <param name="testWords">Words of values made up for a test.</param>
    public PlaceholderFilter(IReadOnlyCollection<string> placeholders, IReadOnlyCollection<string> testWords)
    {
        _placeholders = new WordList(placeholders);
        _testWords = new WordList(testWords);
    }

    /// <summary>What the value reads as.</summary>
    /// <param name="value">The value without its prefix.</param>
    /// <param name="leastEntropy">Bits per character below which it counts as a placeholder.</param>
    public ValueKind KindOf(ReadOnlySpan<char> value, double leastEntropy)
    {
        if (value.IsEmpty || _placeholders.AnyIn(value) || HasLongRun(value) || IsPeriodic(value) || Entropy(value) < leastEntropy)
        {
            return ValueKind.Placeholder;
        }

        return _testWords.AnyIn(value) || IsSequence(value) ? ValueKind.TestValue : ValueKind.Ordinary;
    }

    /// <summary>Shannon entropy of the characters, in bits per character.</summary>
    /// <param name="value">The value.</param>
    public static double Entropy(ReadOnlySpan<char> value)
    {
        if (value.IsEmpty)
        {
            return 0;
        }

        Span<int> counts = stackalloc int[128];
        counts.Clear();
        foreach (var character in value)
        {
            counts[character & 127]++;
        }

        var bits = 0.0;
        foreach (var count in counts)
        {
            if (count > 0)
            {
                bits -= count * Math.Log2((double)count / value.Length);
            }
        }

        return bits / value.Length;
    }

    private static bool HasLongRun(ReadOnlySpan<char> value)
    {
        var run = 1;
        for (var at = 1; at < value.Length; at++)
        {
            run = value[at] == value[at - 1] ? run + 1 : 1;
            if (run > LongestHonestRun && value[at] != '=')
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The same few characters over and over (<c>abc123abc123…</c>).</summary>
    private static bool IsPeriodic(ReadOnlySpan<char> value)
    {
        for (var period = 1; period <= Math.Min(LongestPeriod, value.Length / 2); period++)
        {
            if (value[period..].SequenceEqual(value[..^period]))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Keyboard and alphabet runs: most characters follow the one before them (<c>0123456789abcdef</c>).</summary>
    private static bool IsSequence(ReadOnlySpan<char> value)
    {
        var following = 0;
        for (var at = 1; at < value.Length; at++)
        {
            following += value[at] - value[at - 1] is 1 or -1 || (value[at] == '0' && value[at - 1] == '9') ? 1 : 0;
        }

        return following * 2 > value.Length;
    }

    private sealed class WordList
    {
        private readonly string[] _anyCase;
        private readonly string[] _oneCase;

        public WordList(IReadOnlyCollection<string> words)
        {
            _anyCase = [.. words.Where(static word => word.Length >= AnyCaseFrom)];
            _oneCase = [.. words.Where(static word => word.Length < AnyCaseFrom).SelectMany(static word => new[] { word.ToLowerInvariant(), word.ToUpperInvariant() })];
        }

        public bool AnyIn(ReadOnlySpan<char> value)
        {
            foreach (var word in _anyCase)
            {
                if (value.Contains(word, StringComparison.OrdinalIgnoreCase))
                {
                    return true;
                }
            }

            foreach (var word in _oneCase)
            {
                if (value.Contains(word, StringComparison.Ordinal))
                {
                    return true;
                }
            }

            return false;
        }
    }
}
