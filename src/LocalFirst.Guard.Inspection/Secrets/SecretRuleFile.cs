using System.Globalization;
using System.Text.RegularExpressions;
using Tomlyn;
using Tomlyn.Model;

namespace LocalFirst.Guard.Inspection.Secrets;

/// <summary>What a file of rules holds.</summary>
/// <param name="Rules">Its rules.</param>
/// <param name="Placeholders">Words that only placeholders hold.</param>
/// <param name="TestWords">Words of values made up for a test.</param>
internal sealed record SecretRuleFileContent(IReadOnlyList<SecretRule> Rules, IReadOnlyList<string> Placeholders, IReadOnlyList<string> TestWords);

/// <summary>Reads one file of rules (TOML 1.0; <c>rules/secrets/README.md</c> tells the format). Strict: what it does not know is an error.</summary>
internal static class SecretRuleFile
{
    /// <summary>Marks where the value of a positive example starts and ends.</summary>
    private const char ValueStart = '«';
    private const char ValueEnd = '»';

    private const int DefaultWindowBefore = 64;
    private const int DefaultWindowAfter = 256;

    // A window as wide as this still bounds one run; wider ones would make one keyword hit cost more than the whole text.
    private const int LargestWindow = 4096;

    private const double DefaultEntropy = 2.5;
    private const double DefaultStructuralConfidence = 0.95;
    private const double DefaultContextConfidence = 0.75;

    private static readonly HashSet<string> KnownKeys =
    [
        "id", "description", "type", "tier", "confidence", "prefixes", "keywords", "any-case", "before", "charset", "length", "segments", "regex",
        "window", "matcher", "contains", "entropy", "proof", "unproven", "proof-verifies", "allow", "allow-parts", "positive", "negative",
    ];

    /// <summary>Reads a file.</summary>
    /// <param name="file">Name, for messages.</param>
    /// <param name="toml">Content.</param>
    /// <exception cref="SecretRuleException">The file is not TOML, or a rule is wrong.</exception>
    public static SecretRuleFileContent Read(string file, string toml)
    {
        TomlTable root;
        try
        {
            root = TomlSerializer.Deserialize<TomlTable>(toml) ?? [];
        }
        catch (TomlException e)
        {
            throw new SecretRuleException(file, rule: null, $"not valid TOML: {e.Message}");
        }

        if (root.Keys.FirstOrDefault(static key => key is not ("rules" or "placeholders" or "test-words")) is { } unknown)
        {
            throw new SecretRuleException(file, rule: null, $"'{unknown}' is not known; a file holds [[rules]], placeholders and test-words.");
        }

        var rules = root.TryGetValue("rules", out var tables) ? tables as TomlTableArray : [];
        if (rules is null)
        {
            throw new SecretRuleException(file, rule: null, "'rules' must be an array of tables, [[rules]].");
        }

        var reader = new Reader(file, null, root);
        return new SecretRuleFileContent([.. rules.Select(table => Rule(file, table))], reader.Strings("placeholders"), reader.Strings("test-words"));
    }

    private static SecretRule Rule(string file, TomlTable table)
    {
        var reader = new Reader(file, table.TryGetValue("id", out var id) ? id as string : null, table);
        if (table.Keys.FirstOrDefault(key => !KnownKeys.Contains(key)) is { } unknown)
        {
            throw reader.Error($"'{unknown}' is not known.");
        }

        var tier = reader.Text("tier") switch
        {
            "structural" => Tier.Structural,
            "context" => Tier.Context,
            "hint" => Tier.Hint,
            var other => throw reader.Error($"tier '{other}' is not one of structural, context, hint (a proof that holds makes it verified)."),
        };
        var positive = Examples(reader, "positive").Select(text => Positive(reader, text)).ToArray();
        var negative = Examples(reader, "negative");
        if (positive.Length == 0 || negative.Count == 0)
        {
            throw reader.Error("it needs at least one positive and one negative example.");
        }

        var matcher = Matcher(reader);
        var anchors = reader.Strings(matcher is TokenMatcher or PemMatcher ? "prefixes" : "keywords");
        if (anchors.Count == 0 || anchors.Any(static anchor => anchor.Length < 2 || !anchor.All(char.IsAscii)))
        {
            throw reader.Error($"'{(matcher is TokenMatcher or PemMatcher ? "prefixes" : "keywords")}' needs at least one ASCII text of two or more characters.");
        }

        return new SecretRule
        {
            Id = reader.Text("id"),
            Description = reader.Text("description"),
            Type = reader.Text("type"),
            Tier = tier,
            Confidence = reader.Number("confidence") ?? (tier == Tier.Structural ? DefaultStructuralConfidence : DefaultContextConfidence),
            Anchors = anchors,
            AnyCase = reader.Flag("any-case") ?? matcher is RegexMatcher or UrlPasswordMatcher,
            Matcher = matcher,
            Contains = reader.OptionalText("contains"),
            Entropy = reader.Number("entropy") ?? DefaultEntropy,
            Proof = Proof(reader),
            Unproven = reader.OptionalText("unproven") switch
            {
                null or "drop" => Unproven.Drop,
                "context" => Unproven.Context,
                var other => throw reader.Error($"unproven '{other}' is not one of drop, context."),
            },
            ProofVerifies = reader.Flag("proof-verifies") ?? true,
            Allow = reader.Strings("allow"),
            AllowParts = reader.Strings("allow-parts"),
            Positive = positive,
            Negative = negative,
        };
    }

    private static OfflineProof? Proof(Reader reader)
    {
        if (reader.OptionalText("proof") is not { } name)
        {
            return null;
        }

        return OfflineProofs.ByName.TryGetValue(name, out var proof)
            ? proof
            : throw reader.Error($"proof '{name}' is not one of {string.Join(", ", OfflineProofs.ByName.Keys)}.");
    }

    private static SecretMatcher Matcher(Reader reader)
    {
        if (reader.OptionalText("matcher") is { } matcher)
        {
            return matcher switch
            {
                "pem" => new PemMatcher(),
                "url-password" => new UrlPasswordMatcher(),
                _ => throw reader.Error($"matcher '{matcher}' is not one of pem, url-password."),
            };
        }

        if (reader.OptionalText("regex") is { } pattern)
        {
            return Expression(reader, pattern);
        }

        var segments = reader.Tables("segments") is { } tables
            ? [.. tables.Select(table => Segment(reader, table))]
            : new[] { Run(reader, reader.Text("charset"), reader.Value("length")) };
        return segments.Length == 0
            ? throw reader.Error("'segments' is empty.")
            : new TokenMatcher(new TokenShape(reader.Table("before") is { } before ? Segment(reader, before) : null, segments));
    }

    private static RegexMatcher Expression(Reader reader, string pattern)
    {
        var window = reader.Value("window") is { } value ? Range(reader, "window", value) : (DefaultWindowBefore, DefaultWindowAfter);
        try
        {
            // Parsing is cheap; the automaton is built when a keyword is first met.
            _ = new Regex(pattern, RegexOptions.CultureInvariant);
        }
        catch (ArgumentException e)
        {
            throw reader.Error($"'regex' is not valid: {e.Message}");
        }

        return new RegexMatcher(pattern, window.Item1, window.Item2);
    }

    private static TokenSegment Segment(Reader reader, TomlTable table)
    {
        if (table.TryGetValue("literal", out var literal))
        {
            return literal is string { Length: > 0 } text ? new TokenSegment(text, default, 0, 0) : throw reader.Error("'literal' must be a text.");
        }

        return Run(
            reader,
            table.TryGetValue("charset", out var charset) ? charset as string : null,
            table.TryGetValue("length", out var length) ? length : null);
    }

    private static TokenSegment Run(Reader reader, string? charset, object? length)
    {
        if (charset is null || !CharacterSet.ByName.TryGetValue(charset, out var characters))
        {
            throw reader.Error($"charset '{charset}' is not one of {string.Join(", ", CharacterSet.ByName.Keys)}.");
        }

        var (shortest, longest) = length is null ? throw reader.Error("'length' is missing.") : Range(reader, "length", length);
        return new TokenSegment(null, characters, shortest, longest);
    }

    /// <summary>A number, or [least, most].</summary>
    private static (int Least, int Most) Range(Reader reader, string key, object value)
    {
        var (least, most) = value switch
        {
            long exact => (exact, exact),
            TomlArray { Count: 2 } pair when pair[0] is long from && pair[1] is long to => (from, to),
            _ => throw reader.Error($"'{key}' must be a number or [least, most]."),
        };
        return least >= 0 && most <= LargestWindow && (key == "window" || least <= most)
            ? ((int)least, (int)most)
            : throw reader.Error($"'{key}' must be within 0 and {LargestWindow}, the least first.");
    }

    /// <summary>Examples are stored in pieces, joined here: no code host takes the file for a leak.</summary>
    private static IReadOnlyList<string> Examples(Reader reader, string key) =>
        reader.Value(key) is not { } value
            ? []
            : value is TomlArray examples
                ? [.. examples.Select(pieces => string.Concat(Strings(reader, key, pieces)))]
                : throw reader.Error($"'{key}' must be an array of arrays of text pieces.");

    private static PositiveExample Positive(Reader reader, string text)
    {
        var (start, end) = (text.IndexOf(ValueStart, StringComparison.Ordinal), text.IndexOf(ValueEnd, StringComparison.Ordinal));
        return (start, end) switch
        {
            ( < 0, < 0) => new PositiveExample(text, 0, text.Length),
            ( >= 0, _) when end > start => new PositiveExample(string.Concat(text.AsSpan(0, start), text.AsSpan(start + 1, end - start - 1), text.AsSpan(end + 1)), start, end - 1),
            _ => throw reader.Error($"a positive example has only one of {ValueStart} and {ValueEnd}."),
        };
    }

    private static IReadOnlyList<string> Strings(Reader reader, string key, object? value) =>
        value is TomlArray array && array.All(static item => item is string)
            ? [.. array.Cast<string>()]
            : throw reader.Error($"'{key}' must hold arrays of texts.");

    /// <summary>A rule's table with typed access; every error names file and rule.</summary>
    private sealed class Reader(string file, string? rule, TomlTable table)
    {
        public SecretRuleException Error(string what) => new(file, rule, what);

        public object? Value(string key) => table.TryGetValue(key, out var value) ? value : null;

        public string Text(string key) => OptionalText(key) ?? throw Error($"'{key}' is missing.");

        public string? OptionalText(string key) => Value(key) switch
        {
            null => null,
            string { Length: > 0 } text => text,
            _ => throw Error($"'{key}' must be a text."),
        };

        public bool? Flag(string key) => Value(key) switch
        {
            null => null,
            bool flag => flag,
            _ => throw Error($"'{key}' must be true or false."),
        };

        public double? Number(string key) => Value(key) switch
        {
            null => null,
            double number => number,
            long number => Convert.ToDouble(number, CultureInfo.InvariantCulture),
            _ => throw Error($"'{key}' must be a number."),
        };

        public IReadOnlyList<string> Strings(string key) => Value(key) is { } value ? SecretRuleFile.Strings(this, key, value) : [];

        public TomlTable? Table(string key) => Value(key) switch
        {
            null => null,
            TomlTable inner => inner,
            _ => throw Error($"'{key}' must be a table."),
        };

        public IReadOnlyList<TomlTable>? Tables(string key) => Value(key) switch
        {
            null => null,
            TomlTableArray array => [.. array],
            TomlArray array when array.All(static item => item is TomlTable) => [.. array.Cast<TomlTable>()],
            _ => throw Error($"'{key}' must be an array of tables."),
        };
    }
}
