namespace LocalFirst.Guard.Inspection.SourceCode;

/// <summary>A stream of k-grams over tokens and the winnowing that thins it.</summary>
/// <param name="Gram">k: tokens of a k-gram.</param>
/// <param name="Window">w: of this many k-grams in a row one is kept at least.</param>
internal sealed record CodeStream(int Gram, int Window)
{
    private const ulong Base = 0x9FB21C651E98DF25;

    /// <summary>Stream E, names as they are: finds verbatim and edited code from 5 lines on (notes on k and w: measured, best recall per false alarm).</summary>
    public static CodeStream Exact { get; } = new(12, 8);

    /// <summary>Stream A, names alike: finds code whose names were changed.</summary>
    public static CodeStream Abstracted { get; } = new(40, 16);

    /// <summary>The keyed hash of each k-gram; the i-th begins at token i. Empty when there are fewer than k tokens.</summary>
    public ulong[] Hashes(ReadOnlySpan<ulong> tokens, CodeKey key)
    {
        if (tokens.Length < Gram)
        {
            return [];
        }

        // A polynomial over 64 bits that rolls from one k-gram to the next (Karp, Rabin 1987); SipHash then makes it keyed and even.
        var high = 1UL;
        for (var i = 1; i < Gram; i++)
        {
            high *= Base;
        }

        var hashes = new ulong[tokens.Length - Gram + 1];
        var rolling = 0UL;
        for (var i = 0; i < tokens.Length; i++)
        {
            if (i >= Gram)
            {
                rolling -= tokens[i - Gram] * high;
            }

            rolling = (rolling * Base) + tokens[i];
            if (i >= Gram - 1)
            {
                hashes[i - Gram + 1] = key.Hash(rolling);
            }
        }

        return hashes;
    }

    /// <summary>
    /// The positions that winnowing keeps: the rightmost least hash of each window of w (Schleimer, Wilkerson, Aiken: Winnowing, SIGMOD 2003). Any
    /// run of w + k - 1 shared tokens shares one.
    /// </summary>
    public List<int> Winnow(ReadOnlySpan<ulong> hashes)
    {
        var kept = new List<int>();
        var least = -1;
        for (var end = 0; end < hashes.Length; end++)
        {
            var start = Math.Max(0, end - Window + 1);
            if (least < start)
            {
                // The least one left the window: look through it again.
                least = start;
                for (var i = start + 1; i <= end; i++)
                {
                    if (hashes[i] <= hashes[least])
                    {
                        least = i;
                    }
                }
            }
            else if (hashes[end] <= hashes[least])
            {
                least = end;
            }

            var windowIsFull = end >= Window - 1 || end == hashes.Length - 1;
            if (windowIsFull && (kept.Count == 0 || kept[^1] != least))
            {
                kept.Add(least);
            }
        }

        return kept;
    }
}
