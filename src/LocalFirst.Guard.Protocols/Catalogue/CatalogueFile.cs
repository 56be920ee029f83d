using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace LocalFirst.Guard.Protocols;

/// <summary>One YAML file of a catalogue: a mapping with known keys, each error with its line.</summary>
internal sealed class CatalogueFile
{
    private CatalogueFile(string name, YamlMappingNode root)
    {
        Name = name;
        Root = root;
    }

    public string Name { get; }

    public YamlMappingNode Root { get; }

    public static CatalogueFile Parse(string name, string yaml)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(yaml));
        }
        catch (YamlException error)
        {
            throw new CatalogueException(name, (int)error.Start.Line, "not valid YAML: " + error.Message);
        }

        if (stream.Documents.Count != 1 || stream.Documents[0].RootNode is not YamlMappingNode root)
        {
            throw new CatalogueException(name, 1, "expected exactly one mapping of keys to values.");
        }

        return new CatalogueFile(name, root);
    }

    /// <summary>The files of a folder embedded in this assembly, by name, in a stable order; not those of the folders in it.</summary>
    public static IEnumerable<CatalogueFile> Embedded(string folder)
    {
        var assembly = typeof(CatalogueFile).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Order(StringComparer.Ordinal))
        {
            if (name.StartsWith(folder, StringComparison.Ordinal) && name.EndsWith(".yaml", StringComparison.Ordinal) && !name.AsSpan(folder.Length).Contains('/'))
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                yield return Parse(name, reader.ReadToEnd());
            }
        }
    }

    public CatalogueException Error(YamlNode node, string problem) => new(Name, Math.Max(1, (int)node.Start.Line), problem);

    public void OnlyKeys(YamlMappingNode node, params ReadOnlySpan<string> known)
    {
        foreach (var key in node.Children.Keys)
        {
            if (key is not YamlScalarNode { Value: { } text } || !known.Contains(text))
            {
                throw Error(key, $"unknown key '{key}'. Known here: {string.Join(", ", known!)}.");
            }
        }
    }

    public string Required(YamlMappingNode node, string key) =>
        Optional(node, key) ?? throw Error(node, $"'{key}' is missing.");

    public string? Optional(YamlMappingNode node, string key)
    {
        if (!node.Children.TryGetValue(key, out var value))
        {
            return null;
        }

        return value is YamlScalarNode { Value: { Length: > 0 } text } ? text : throw Error(value, $"'{key}' must be a text.");
    }

    public IEnumerable<YamlNode> Items(YamlMappingNode node, string key)
    {
        if (!node.Children.TryGetValue(key, out var value))
        {
            return [];
        }

        return value is YamlSequenceNode list ? list.Children : throw Error(value, $"'{key}' must be a list.");
    }

    public List<string> Texts(YamlMappingNode node, string key, Func<string, bool> valid, string expected)
    {
        var texts = new List<string>();
        foreach (var item in Items(node, key))
        {
            if (item is not YamlScalarNode { Value: { } text } || !valid(text))
            {
                throw Error(item, $"an item of '{key}' must be {expected}.");
            }

            if (texts.Contains(text))
            {
                throw Error(item, $"'{text}' stands twice in '{key}'.");
            }

            texts.Add(text);
        }

        return texts;
    }

    public YamlMappingNode Mapping(YamlNode node, string what) =>
        node as YamlMappingNode ?? throw Error(node, $"{what} must be a mapping.");
}
