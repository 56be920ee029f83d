namespace LocalFirst.Guard.Inspection.Secrets;

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

    private readonly string[] _anyCaseWords;
    private readonly string[] _oneCaseWords;

    /// <summary>A filter that knows these words.</summary>
    /// <param name="words">Words that placeholders hold, of at least four characters.</param>
    public PlaceholderFilter(IReadOnlyCollection<string> words)
    {
        _anyCaseWords = [.. words.Where(static word => word.Length >= AnyCaseFrom)];
        _oneCaseWords = [.. words.Where(static word => word.Length < AnyCaseFrom).SelectMany(static word => new[] { word.ToLowerInvariant(), word.ToUpperInvariant() })];
    }

    /// <summary>Whether the value reads as a placeholder.</summary>
    /// <param name="value">The value without its prefix.</param>
    /// <param name="leastEntropy">Bits per character below which it counts as one.</param>
    public bool IsPlaceholder(ReadOnlySpan<char> value, double leastEntropy) =>
        value.IsEmpty || HasWord(value) || HasLongRun(value) || IsPeriodic(value) || IsSequence(value) || Entropy(value) < leastEntropy;

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

    private bool HasWord(ReadOnlySpan<char> value)
    {
        foreach (var word in _anyCaseWords)
        {
            if (value.Contains(word, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        foreach (var word in _oneCaseWords)
        {
            if (value.Contains(word, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
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
}
