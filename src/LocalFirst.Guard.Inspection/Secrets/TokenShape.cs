namespace LocalFirst.Guard.Inspection.Secrets;

/// <summary>One piece of a token: a run of characters of a set, or a literal.</summary>
/// <param name="Literal">The literal; null for a run.</param>
/// <param name="Characters">The set of the run.</param>
/// <param name="Shortest">Fewest characters of the run.</param>
/// <param name="Longest">Most characters of the run.</param>
internal readonly record struct TokenSegment(string? Literal, CharacterSet Characters, int Shortest, int Longest);

/// <summary>
/// What a token with a known prefix looks like: <c>before</c> run, prefix, segments. Matched from left to right without going back, so that a
/// candidate costs at most its own length.
/// </summary>
/// <param name="Before">A run that ends where the prefix starts and belongs to the token; null for none.</param>
/// <param name="Segments">What follows the prefix.</param>
internal sealed record TokenShape(TokenSegment? Before, IReadOnlyList<TokenSegment> Segments)
{
    /// <summary>Matches the token around a prefix.</summary>
    /// <param name="text">The text.</param>
    /// <param name="prefixStart">First character of the prefix.</param>
    /// <param name="prefixEnd">One past its last.</param>
    /// <param name="work">Characters looked at.</param>
    /// <returns>The token's span; null when it has not this shape or goes on to either side.</returns>
    public (int Start, int End)? Match(ReadOnlySpan<char> text, int prefixStart, int prefixEnd, out int work)
    {
        work = 1;
        var start = prefixStart;
        if (Before is { } before)
        {
            while (start > 0 && prefixStart - start < before.Longest && before.Characters.Contains(text[start - 1]))
            {
                start--;
            }

            work += prefixStart - start;
            if (prefixStart - start < before.Shortest)
            {
                return null;
            }
        }

        if (!StartsAt(text, start))
        {
            return null;
        }

        var at = prefixEnd;
        foreach (var segment in Segments)
        {
            if (segment.Literal is { } literal)
            {
                if (!text[at..].StartsWith(literal, StringComparison.Ordinal))
                {
                    return null;
                }

                at += literal.Length;
                continue;
            }

            var limit = Math.Min(text.Length, at + segment.Longest);
            var first = at;
            while (at < limit && segment.Characters.Contains(text[at]))
            {
                at++;
            }

            work += at - first;
            if (at - first < segment.Shortest)
            {
                return null;
            }
        }

        return EndsAt(text, at) ? (start, at) : null;
    }

    /// <summary>A token does not start in the middle of a word. After a percent escape (<c>%3D</c>) a new word starts.</summary>
    private static bool StartsAt(ReadOnlySpan<char> text, int start) =>
        start == 0
        || !char.IsAsciiLetterOrDigit(text[start - 1])
        || (start >= 3 && text[start - 3] == '%' && char.IsAsciiHexDigit(text[start - 2]) && char.IsAsciiHexDigit(text[start - 1]));

    /// <summary>A token that goes on with more of its own last set, or with a letter or digit, is something else.</summary>
    private bool EndsAt(ReadOnlySpan<char> text, int end) =>
        end == text.Length
        || (!char.IsAsciiLetterOrDigit(text[end]) && !(Segments[^1].Literal is null && Segments[^1].Characters.Contains(text[end])));
}
