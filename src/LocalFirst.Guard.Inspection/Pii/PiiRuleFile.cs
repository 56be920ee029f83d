using System.Globalization;
using System.Reflection;
using Tomlyn;
using Tomlyn.Model;

namespace LocalFirst.Guard.Inspection.Pii;

/// <summary>A rule file of <c>rules/pii</c>, embedded in this assembly: lists, context words and the examples that the tests run.</summary>
internal sealed class PiiRuleFile
{
    private readonly TomlTable _root;
    private readonly string _name;

    private PiiRuleFile(string name, TomlTable root)
    {
        _name = name;
        _root = root;
    }

    /// <summary>A text with the values that must be found in it.</summary>
    /// <param name="Text">The text.</param>
    /// <param name="Finds">The values, in order; none for a text that must stay silent.</param>
    /// <param name="Tier">The tier that each must have; null when any will do.</param>
    /// <param name="Rule">The rule that must find each; null when any will do.</param>
    public sealed record Example(string Text, IReadOnlyList<string> Finds, Tier? Tier, string? Rule);

    /// <summary>The names of all embedded rule files.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. Assembly.GetExecutingAssembly().GetManifestResourceNames().Where(n => n.StartsWith("rules/pii/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    /// <summary>The entity name that findings of this file carry.</summary>
    public string Type => Text(_root, "type");

    /// <summary>Reads one file.</summary>
    /// <param name="file">For example <c>credit-card.toml</c>.</param>
    /// <exception cref="InvalidDataException">The file is not there or does not read.</exception>
    public static PiiRuleFile Load(string file)
    {
        var name = file.StartsWith("rules/pii/", StringComparison.Ordinal) ? file : $"rules/pii/{file}";
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidDataException($"The rule file {name} is missing from this build.");
        using var reader = new StreamReader(stream);
        try
        {
            var root = TomlSerializer.Deserialize<TomlTable>(reader.ReadToEnd()) ?? throw new InvalidDataException($"The rule file {name} is empty.");
            return new PiiRuleFile(name, root);
        }
        catch (TomlException e)
        {
            throw new InvalidDataException($"The rule file {name} does not read: {e.Message}", e);
        }
    }

    /// <summary>The words of the <c>[context]</c> table.</summary>
    public ContextWords Context() => new(Strings("context", "words"), Strings("context", "anti"));

    /// <summary>A list of strings in a table, or at the top when <paramref name="table"/> is empty.</summary>
    public IReadOnlyList<string> Strings(string table, string key)
    {
        var holder = table.Length == 0 ? _root : Table(table);
        return holder.TryGetValue(key, out var value) && value is TomlArray array
            ? [.. array.Select(item => item as string ?? throw Wrong($"{table}.{key} holds something else than strings"))]
            : throw Wrong($"{table}.{key} is missing");
    }

    /// <summary>A list of whole numbers in a table.</summary>
    public IReadOnlyList<int> Numbers(string table, string key) => Integers(Table(table), key);

    /// <summary>The entries of a table whose values are whole numbers.</summary>
    public IReadOnlyDictionary<string, int> NumberTable(string table) =>
        Table(table).ToDictionary(entry => entry.Key, entry => Convert.ToInt32(entry.Value, CultureInfo.InvariantCulture), StringComparer.Ordinal);

    /// <summary>The tables of an array of tables, each through <paramref name="read"/>.</summary>
    public IReadOnlyList<T> Each<T>(string key, Func<TomlTable, T> read) =>
        _root.TryGetValue(key, out var value) && value is TomlTableArray tables ? [.. tables.Select(read)] : [];

    /// <summary>The examples.</summary>
    public IReadOnlyList<Example> Examples() => Each("example", table => new Example(
        Text(table, "text"),
        table.TryGetValue("finds", out var finds) && finds is TomlArray array ? [.. array.Cast<string>()] : throw Wrong("an example without finds"),
        table.TryGetValue("tier", out var tier) ? Enum.Parse<Tier>((string)tier, ignoreCase: true) : null,
        table.TryGetValue("rule", out var rule) ? (string)rule : null));

    /// <summary>A string of a table.</summary>
    public string Text(TomlTable table, string key) =>
        table.TryGetValue(key, out var value) && value is string text ? text : throw Wrong($"{key} is missing");

    /// <summary>A list of whole numbers of a table.</summary>
    public IReadOnlyList<int> Integers(TomlTable table, string key) =>
        table.TryGetValue(key, out var value) && value is TomlArray array
            ? [.. array.Select(item => Convert.ToInt32(item, CultureInfo.InvariantCulture))]
            : throw Wrong($"{key} is missing");

    private TomlTable Table(string key) => _root.TryGetValue(key, out var value) && value is TomlTable table ? table : throw Wrong($"[{key}] is missing");

    private InvalidDataException Wrong(string what) => new($"The rule file {_name}: {what}.");
}
