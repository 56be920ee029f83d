namespace LocalFirst.Guard.Inspection.SourceCode;

/// <summary>A passage that is also in an indexed file.</summary>
/// <param name="Start">First UTF-16 code unit of the passage.</param>
/// <param name="End">One past its last code unit.</param>
/// <param name="File">Number of the indexed file that holds most of it.</param>
/// <param name="FirstLine">First line in that file, from 1.</param>
/// <param name="LastLine">Last line in that file where a shared k-gram begins.</param>
/// <param name="Points">Sum of the points of distinct fingerprints.</param>
/// <param name="Fingerprints">Distinct fingerprints shared.</param>
/// <param name="Renamed">Whether only the stream without names sees it.</param>
/// <param name="Id">The first shared fingerprint.</param>
internal readonly record struct PassageMatch(int Start, int End, int File, int FirstLine, int LastLine, int Points, int Fingerprints, bool Renamed, ulong Id)
{
    /// <summary>How far over its threshold the evidence is, 1 or more.</summary>
    public double Strength => Points / (double)(Renamed ? CodeMatcher.AbstractedThreshold : CodeMatcher.ExactThreshold);
}

/// <summary>
/// Finds passages of indexed files in a text. Every k-gram of the text is looked up, not only winnowed ones (5-line recall 83 instead of 70 %);
/// distinct fingerprints of one file within a window of tokens add up to points, and enough points make a match.
/// </summary>
internal static class CodeMatcher
{
    /// <summary>Tokens within which fingerprints count together: about 40 lines.</summary>
    public const int WindowTokens = 300;

    /// <summary>
    /// Points that stream E needs. Measured without any public background, 9 MB of Debian's Python library indexed: snippets of 20 lines are found in
    /// 97 of 100 cases (most misses are tables), of 10 lines in 84; 67 MB of C headers, Perl and npm's JavaScript raise 0.1 alarms a MB, every one a
    /// licence text. At 8 points a tenth of the ten-line snippets is lost.
    /// </summary>
    public const int ExactThreshold = 6;

    /// <summary>Different fingerprints that stream E needs beside the points: two telling names in one idiom are no copy.</summary>
    public const int MinExactFingerprints = 3;

    /// <summary>Distinct fingerprints that stream A needs; each counts one point there, since its names are gone.</summary>
    public const int AbstractedThreshold = 4;

    /// <summary>Lines longer than this (minified code, JSON) are not taken whole into a span.</summary>
    private const int MaxLineReach = 400;

    private readonly record struct Hit(int File, int Token, int Line, byte Points, ulong Hash);

    /// <summary>Finds the passages, by rising start, none overlapping another.</summary>
    /// <param name="text">The text.</param>
    /// <param name="index">The index.</param>
    /// <param name="budget">Work left; about 2 units a code unit and 1 a shared k-gram.</param>
    /// <param name="exactThreshold">Points that stream E needs.</param>
    /// <param name="abstractedThreshold">Distinct fingerprints that stream A needs.</param>
    public static List<PassageMatch> Find(
        string text, CodeIndex index, WorkBudget budget, int exactThreshold = ExactThreshold, int abstractedThreshold = AbstractedThreshold)
    {
        budget.Spend(2L * text.Length);
        var tokens = CodeTokenizer.Tokenize(text, index.Key.Seed);
        var matches = new List<PassageMatch>();
        Stream(text, tokens, tokens.Exact, CodeStream.Exact, index.Exact, renamed: false, exactThreshold, index.Key, budget, matches);
        Stream(text, tokens, tokens.Abstract, CodeStream.Abstracted, index.Abstracted, renamed: true, abstractedThreshold, index.Key, budget, matches);
        return Merge(matches);
    }

    private static void Stream(
        string text, CodeTokens tokens, ReadOnlySpan<ulong> stream, CodeStream shape, CodeIndex.Table table, bool renamed, int threshold, CodeKey key, WorkBudget budget, List<PassageMatch> matches)
    {
        if (table.Count == 0)
        {
            return;
        }

        // 1. Look up every k-gram.
        var hashes = shape.Hashes(stream, key);
        var hits = new List<Hit>();
        for (var token = 0; token < hashes.Length; token++)
        {
            var (first, count) = table.Find(hashes[token]).GetOffsetAndLength(table.Count);
            for (var i = first; i < first + count; i++)
            {
                var entry = table[i];
                hits.Add(new Hit(entry.File, token, entry.Line, renamed ? (byte)1 : entry.Points, entry.Hash));
            }
        }

        budget.Spend(hits.Count);

        // 2. File by file, slide a window over its hits.
        hits.Sort(static (a, b) => a.File != b.File ? a.File.CompareTo(b.File) : a.Token.CompareTo(b.Token));
        for (var first = 0; first < hits.Count;)
        {
            var last = first;
            while (last < hits.Count && hits[last].File == hits[first].File)
            {
                last++;
            }

            if (last - first >= 2)
            {
                InFile(text, tokens, hits, first, last, shape, renamed, threshold, matches);
            }

            first = last;
        }
    }

    private static void InFile(string text, CodeTokens tokens, List<Hit> hits, int first, int last, CodeStream shape, bool renamed, int threshold, List<PassageMatch> matches)
    {
        var inWindow = new Dictionary<ulong, int>();
        var points = 0;
        var left = first;
        (int From, int To)? passage = null;
        for (var right = first; right < last; right++)
        {
            points += Count(inWindow, hits[right], +1);
            while (hits[right].Token - hits[left].Token > WindowTokens)
            {
                points += Count(inWindow, hits[left++], -1);
            }

            if (points < threshold || (!renamed && inWindow.Count < MinExactFingerprints))
            {
                continue;
            }

            // Windows that touch make one passage.
            if (passage is { } open && left <= open.To)
            {
                passage = (open.From, right);
                continue;
            }

            if (passage is { } done)
            {
                matches.Add(Passage(text, tokens, hits, done.From, done.To, shape, renamed));
            }

            passage = (left, right);
        }

        if (passage is { } rest)
        {
            matches.Add(Passage(text, tokens, hits, rest.From, rest.To, shape, renamed));
        }
    }

    /// <summary>Adds or removes a hit; returns the change in points, which distinct fingerprints alone make.</summary>
    private static int Count(Dictionary<ulong, int> inWindow, Hit hit, int change)
    {
        var count = inWindow.GetValueOrDefault(hit.Hash) + change;
        if (count == 0)
        {
            inWindow.Remove(hit.Hash);
            return -hit.Points;
        }

        inWindow[hit.Hash] = count;
        return count == 1 && change > 0 ? hit.Points : 0;
    }

    private static PassageMatch Passage(string text, CodeTokens tokens, List<Hit> hits, int from, int to, CodeStream shape, bool renamed)
    {
        var distinct = new Dictionary<ulong, int>();
        var points = 0;
        var firstLine = int.MaxValue;
        var lastLine = 0;
        for (var i = from; i <= to; i++)
        {
            points += Count(distinct, hits[i], +1);
            firstLine = Math.Min(firstLine, hits[i].Line);
            lastLine = Math.Max(lastLine, hits[i].Line);
        }

        var start = tokens.Starts[hits[from].Token];
        var end = tokens.Ends[hits[to].Token + shape.Gram - 1];
        var lineStart = text.LastIndexOf('\n', Math.Max(0, start - 1)) is var before and >= 0 ? before + 1 : 0;
        var lineEnd = text.IndexOf('\n', end) is var after and >= 0 ? after : text.Length;
        start = start - lineStart <= MaxLineReach && lineStart <= start ? lineStart : start;
        end = lineEnd - end <= MaxLineReach ? lineEnd : end;
        return new PassageMatch(start, end, hits[from].File, firstLine, lastLine, points, distinct.Count, renamed, hits[from].Hash);
    }

    /// <summary>One match for each passage of the text: what several files or both streams say of one place goes to the strongest.</summary>
    private static List<PassageMatch> Merge(List<PassageMatch> matches)
    {
        matches.Sort(static (a, b) => a.Start != b.Start ? a.Start.CompareTo(b.Start) : b.End.CompareTo(a.End));
        var merged = new List<PassageMatch>();
        foreach (var match in matches)
        {
            if (merged.Count == 0 || merged[^1].End <= match.Start)
            {
                merged.Add(match);
                continue;
            }

            var previous = merged[^1];
            var strongest = match.Strength > previous.Strength || (match.Strength == previous.Strength && previous.Renamed && !match.Renamed) ? match : previous;
            merged[^1] = strongest with { Start = previous.Start, End = Math.Max(previous.End, match.End) };
        }

        return merged;
    }
}
