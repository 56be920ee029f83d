namespace LocalFirst.Guard.Inspection.Secrets;

/// <summary>All rules in use, with the automaton over their anchors. Immutable.</summary>
internal sealed class SecretRuleSet
{
    private const string ResourceFolder = "rules/secrets/";

    private static readonly Lazy<SecretRuleSet> LazyBuiltIn = new(ReadBuiltIn);

    private SecretRuleSet(IReadOnlyList<SecretRule> rules, PlaceholderFilter placeholders)
    {
        Rules = rules;
        Placeholders = placeholders;

        var anchors = rules.SelectMany(static rule => rule.Anchors).Select(static anchor => anchor.ToLowerInvariant()).Distinct().Order(StringComparer.Ordinal).ToArray();
        Anchors = anchors;
        Automaton = new KeywordAutomaton(anchors);
        RulesOfAnchor =
        [
            .. anchors.Select(anchor => Enumerable.Range(0, rules.Count)
                .Where(rule => rules[rule].Anchors.Any(own => string.Equals(own, anchor, StringComparison.OrdinalIgnoreCase)))
                .ToArray()),
        ];
    }

    /// <summary>The rules that come with the product.</summary>
    public static SecretRuleSet BuiltIn => LazyBuiltIn.Value;

    /// <summary>The rules, in order of files and lines.</summary>
    public IReadOnlyList<SecretRule> Rules { get; }

    /// <summary>Finds the anchors.</summary>
    public KeywordAutomaton Automaton { get; }

    /// <summary>The anchors in lower case; the automaton knows them by index.</summary>
    public IReadOnlyList<string> Anchors { get; }

    /// <summary>For each anchor, the indexes of its rules.</summary>
    public IReadOnlyList<int[]> RulesOfAnchor { get; }

    /// <summary>Tells placeholders from secrets.</summary>
    public PlaceholderFilter Placeholders { get; }

    /// <summary>Reads rule files.</summary>
    /// <param name="files">Name and content of each.</param>
    /// <exception cref="SecretRuleException">A file or rule is wrong, or two rules have one id.</exception>
    public static SecretRuleSet Read(IEnumerable<(string File, string Toml)> files)
    {
        var rules = new List<SecretRule>();
        var placeholders = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var testWords = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (file, toml) in files)
        {
            var content = SecretRuleFile.Read(file, toml);
            if (content.Rules.FirstOrDefault(rule => !ids.Add(rule.Id)) is { } twice)
            {
                throw new SecretRuleException(file, twice.Id, "another rule has this id.");
            }

            rules.AddRange(content.Rules);
            placeholders.UnionWith(content.Placeholders);
            testWords.UnionWith(content.TestWords);
        }

        return new SecretRuleSet(rules, new PlaceholderFilter(placeholders, testWords));
    }

    /// <summary>One rule of this set alone, with the set's placeholders.</summary>
    /// <param name="id">The rule.</param>
    public SecretRuleSet Only(string id) => new([Rules.Single(rule => rule.Id == id)], Placeholders);

    private static SecretRuleSet ReadBuiltIn()
    {
        var assembly = typeof(SecretRuleSet).Assembly;
        return Read(assembly.GetManifestResourceNames()
            .Where(static name => name.StartsWith(ResourceFolder, StringComparison.Ordinal) && name.EndsWith(".toml", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                return (name, reader.ReadToEnd());
            }));
    }
}
