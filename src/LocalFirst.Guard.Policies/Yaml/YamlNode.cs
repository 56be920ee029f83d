namespace LocalFirst.Guard.Policies.Yaml;

/// <summary>A value in a YAML file that knows where it stands.</summary>
public abstract class YamlNode
{
    private protected YamlNode(YamlPlace place) => Place = place;

    /// <summary>Where it stands.</summary>
    public YamlPlace Place { get; }

    /// <summary>What it is, for error messages: <c>a mapping</c>, <c>a list</c>, <c>a value</c>.</summary>
    public abstract string Kind { get; }

    /// <summary>This node as a mapping.</summary>
    /// <exception cref="YamlFileException">It is something else.</exception>
    public YamlMap AsMap() => this as YamlMap ?? throw Error($"a mapping is expected here, but this is {Kind}.", "Write key: value pairs.");

    /// <summary>This node as a list.</summary>
    /// <exception cref="YamlFileException">It is something else.</exception>
    public YamlList AsList() => this as YamlList ?? throw Error($"a list is expected here, but this is {Kind}.", "Write one entry a line, each beginning with '- '.");

    /// <summary>This node as a single value.</summary>
    /// <exception cref="YamlFileException">It is something else.</exception>
    public YamlScalar AsScalar() => this as YamlScalar ?? throw Error($"a single value is expected here, but this is {Kind}.", "Write one value.");

    /// <summary>The entries of a list, or this single value alone: for fields that take both.</summary>
    /// <exception cref="YamlFileException">It is a mapping, an empty list, or a list of something else than values.</exception>
    public IReadOnlyList<YamlScalar> AsScalars()
    {
        if (this is not YamlList list)
        {
            return [AsScalar()];
        }

        if (list.Items.Count == 0)
        {
            throw Error("the list is empty, so nothing can ever match it.", "Name at least one value, or leave the field out.");
        }

        return [.. list.Items.Select(i => i.AsScalar())];
    }

    /// <summary>An error at this place.</summary>
    /// <param name="what">What is wrong, as a sentence.</param>
    /// <param name="next">What to do next.</param>
    public YamlFileException Error(string what, string next) => new(Place, what, next);
}

/// <summary>A list.</summary>
public sealed class YamlList : YamlNode
{
    internal YamlList(YamlPlace place, IReadOnlyList<YamlNode> items)
        : base(place) => Items = items;

    /// <summary>The entries, in file order.</summary>
    public IReadOnlyList<YamlNode> Items { get; }

    /// <inheritdoc/>
    public override string Kind => "a list";
}

/// <summary>A mapping; its keys are unique.</summary>
public sealed class YamlMap : YamlNode
{
    private readonly Dictionary<string, YamlNode> _values;
    private readonly Dictionary<string, YamlPlace> _keys;

    internal YamlMap(YamlPlace place, Dictionary<string, YamlNode> values, Dictionary<string, YamlPlace> keys)
        : base(place)
    {
        _values = values;
        _keys = keys;
    }

    /// <summary>Keys and values, in file order.</summary>
    public IEnumerable<KeyValuePair<string, YamlNode>> Entries => _values;

    /// <summary>Number of keys.</summary>
    public int Count => _values.Count;

    /// <inheritdoc/>
    public override string Kind => "a mapping";

    /// <summary>Refuses every key that is not one of these: a misspelt key would otherwise be a rule that silently does nothing.</summary>
    /// <param name="known">The keys that mean something here.</param>
    /// <exception cref="YamlFileException">There is another key.</exception>
    public void AllowOnly(params IReadOnlyList<string> known)
    {
        foreach (var (key, place) in _keys)
        {
            if (!known.Contains(key, StringComparer.Ordinal))
            {
                throw new YamlFileException(place, $"'{Quote.Text(key)}' is not a key that means something here.", Suggestion.For(key, known));
            }
        }
    }

    /// <summary>The value of a key, or null.</summary>
    /// <param name="key">The key.</param>
    public YamlNode? Find(string key) => _values.GetValueOrDefault(key);

    /// <summary>The value of a key that must be there.</summary>
    /// <param name="key">The key.</param>
    /// <exception cref="YamlFileException">It is missing.</exception>
    public YamlNode Require(string key) =>
        Find(key) ?? throw Error($"'{key}' is missing.", $"Add '{key}: …' here.");

    /// <summary>An error at a key.</summary>
    /// <param name="key">A key of this mapping.</param>
    /// <param name="what">What is wrong.</param>
    /// <param name="next">What to do next.</param>
    public YamlFileException ErrorAtKey(string key, string what, string next) => new(_keys[key], what, next);
}
