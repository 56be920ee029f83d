namespace LocalFirst.Guard.Policies.Yaml;

/// <summary>Finds the word that somebody meant.</summary>
internal static class Suggestion
{
    public static string For(string written, IReadOnlyList<string> known)
    {
        var all = string.Join(", ", known);
        if (written.Length > 64)
        {
            return $"Use one of: {all}.";
        }

        var best = known
            .Select(word => (Word: word, Distance: Distance(written.ToLowerInvariant(), word.ToLowerInvariant())))
            .OrderBy(c => c.Distance)
            .FirstOrDefault();

        // A third of the word may be wrong: "detectr" and "confidense" are understood, "foo" is not taken for "url".
        return best.Word is not null && best.Distance <= Math.Max(1, best.Word.Length / 3)
            ? $"Did you mean '{best.Word}'? Known here: {all}."
            : $"Use one of: {all}.";
    }

    // Optimal string alignment: Levenshtein with neighbouring letters swapped counted once, the commonest slip of all.
    private static int Distance(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            d[i, 0] = i;
        }

        for (var j = 0; j <= b.Length; j++)
        {
            d[0, j] = j;
        }

        for (var i = 1; i <= a.Length; i++)
        {
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                d[i, j] = Math.Min(Math.Min(d[i - 1, j] + 1, d[i, j - 1] + 1), d[i - 1, j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
                }
            }
        }

        return d[a.Length, b.Length];
    }
}

/// <summary>Shows a piece of a file in an error message: short, and without characters that move a terminal's cursor.</summary>
internal static class Quote
{
    private const int Longest = 60;

    public static string Text(string value)
    {
        var shown = value.Length > Longest ? string.Concat(value.AsSpan(0, Longest), "…") : value;
        return string.Concat(shown.Select(c => char.IsControl(c) || char.IsSurrogate(c) || char.GetUnicodeCategory(c) == System.Globalization.UnicodeCategory.Format ? '\uFFFD' : c));
    }
}
