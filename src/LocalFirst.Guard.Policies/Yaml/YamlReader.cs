using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace LocalFirst.Guard.Policies.Yaml;

/// <summary>
/// Reads a small, strict part of YAML: one document of mappings, lists and values, every node with its place. Anchors, aliases, merge keys and
/// tags are refused: nobody needs them in a policy, and a reviewer should see what a file says without expanding it in the head.
/// </summary>
public static class YamlReader
{
    /// <summary>Largest file that is read, in bytes: some thousand rules. A larger one is a mistake or an attack.</summary>
    public const int MaxBytes = 256 * 1024;

    /// <summary>Deepest nesting that is read: twice what the deepest of our files needs.</summary>
    public const int MaxDepth = 16;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a file's bytes.</summary>
    /// <param name="bytes">UTF-8, with or without byte order mark.</param>
    /// <param name="file">Name of the file for error messages.</param>
    /// <exception cref="YamlFileException">It is not what this reader takes.</exception>
    public static YamlNode Parse(ReadOnlySpan<byte> bytes, string file)
    {
        if (bytes.Length > MaxBytes)
        {
            throw TooLarge(file);
        }

        try
        {
            return ParseText(StrictUtf8.GetString(bytes.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes), file);
        }
        catch (DecoderFallbackException)
        {
            throw new YamlFileException(Top(file), "the file is not UTF-8.", "Save it as UTF-8.");
        }
    }

    /// <summary>Reads text.</summary>
    /// <param name="text">The YAML.</param>
    /// <param name="file">Name of the file for error messages.</param>
    /// <exception cref="YamlFileException">It is not what this reader takes.</exception>
    public static YamlNode Parse(string text, string file)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length > MaxBytes ? throw TooLarge(file) : ParseText(text, file);
    }

    private static YamlNode ParseText(string text, string file)
    {
        if (FindDeepNesting(text) is { } line)
        {
            throw TooDeep(new YamlPlace(file, line, 1, ""));
        }

        if (FindTab(text) is { } tab)
        {
            throw new YamlFileException(new YamlPlace(file, tab, 1, ""), "this is not YAML: the line is indented by a tab.", "Indent with spaces.");
        }

        try
        {
            return new Builder(new Parser(new StringReader(text)), file).Document();
        }
        catch (YamlException e)
        {
            throw new YamlFileException(
                new YamlPlace(file, Math.Max(1, (int)e.Start.Line), Math.Max(1, (int)e.Start.Column), ""),
                $"this is not YAML: {Quote.Text(e.InnerException?.Message ?? e.Message)}",
                "Check indentation (spaces, no tabs), colons and quotes on this line and the one above it.");
        }
        catch (Exception e) when (e is not YamlFileException and not OutOfMemoryException)
        {
            // The parser below is not ours: whatever it throws on a hostile file is still "not YAML" to the person who gave us the file.
            throw new YamlFileException(Top(file), $"this is not YAML that can be read ({e.GetType().Name}).", "Check the file, or start again from a built-in one.");
        }
    }

    // The parser keeps a stack of its own; a long run of opening brackets is refused before it sees it.
    private static int? FindDeepNesting(string text)
    {
        var (open, line) = (0, 1);
        foreach (var c in text)
        {
            switch (c)
            {
                case '\n':
                    line++;
                    break;
                case '[' or '{' when ++open > 64 * MaxDepth:
                    return line;
                case ']' or '}':
                    open = Math.Max(0, open - 1);
                    break;
            }
        }

        return null;
    }

    // YAML 1.2.2 §6.1 forbids tabs in indentation; the parser takes some of them, and a reader would not see which level is meant.
    private static int? FindTab(string text)
    {
        var line = 0;
        foreach (var row in text.AsSpan().EnumerateLines())
        {
            line++;
            var content = row.TrimStart(" \t");
            if (content.Length > 0 && row[..^content.Length].Contains('\t'))
            {
                return line;
            }
        }

        return null;
    }

    private static YamlPlace Top(string file) => new(file, 1, 1, "");

    private static YamlFileException TooLarge(string file) =>
        new(Top(file), $"the file is larger than {MaxBytes / 1024} KB.", "Split or shorten it.");

    private static YamlFileException TooDeep(YamlPlace place) =>
        new(place, $"the file is nested deeper than {MaxDepth} levels.", "Flatten it.");

    private sealed class Builder(Parser parser, string file)
    {
        public YamlNode Document()
        {
            parser.Consume<StreamStart>();
            if (parser.Accept<StreamEnd>(out _))
            {
                throw new YamlFileException(Top(file), "the file is empty.", "Write at least one key, or remove the file.");
            }

            parser.Consume<DocumentStart>();
            var root = Node("", 0);
            parser.Consume<DocumentEnd>();
            if (parser.Accept<DocumentStart>(out var second))
            {
                throw new YamlFileException(Place(second, ""), "a second document begins here.", "Keep one document in a file: remove the '---'.");
            }

            return root;
        }

        private YamlNode Node(string field, int depth)
        {
            var next = parser.Current!;
            if (depth > MaxDepth)
            {
                throw TooDeep(Place(next, field));
            }

            if (next is AnchorAlias)
            {
                throw new YamlFileException(Place(next, field), "aliases (*name) are not read here.", "Write the value out.");
            }

            if (next is NodeEvent node)
            {
                RefuseAnchorAndTag(node, field);
            }

            return next switch
            {
                Scalar => Value(field),
                SequenceStart => List(field, depth),
                MappingStart => Map(field, depth),
                _ => throw new YamlFileException(Place(next, field), "something unexpected stands here.", "Check the line above."),
            };
        }

        private YamlScalar Value(string field)
        {
            var scalar = parser.Consume<Scalar>();
            return new YamlScalar(Place(scalar, field), scalar.Value, scalar.Style is not ScalarStyle.Plain);
        }

        private YamlList List(string field, int depth)
        {
            var place = Place(parser.Consume<SequenceStart>(), field);
            var items = new List<YamlNode>();
            while (!parser.TryConsume<SequenceEnd>(out _))
            {
                items.Add(Node($"{field}[{items.Count}]", depth + 1));
            }

            return new YamlList(place, items);
        }

        private YamlMap Map(string field, int depth)
        {
            var place = Place(parser.Consume<MappingStart>(), field);
            var values = new Dictionary<string, YamlNode>(StringComparer.Ordinal);
            var keys = new Dictionary<string, YamlPlace>(StringComparer.Ordinal);
            while (!parser.TryConsume<MappingEnd>(out _))
            {
                if (parser.Current is NodeEvent node)
                {
                    RefuseAnchorAndTag(node, field);
                }

                if (parser.Current is not Scalar key)
                {
                    throw new YamlFileException(Place(parser.Current!, field), "a key must be a single word.", "Write 'key: value'.");
                }

                parser.MoveNext();
                var name = Quote.Text(key.Value);
                var path = field.Length == 0 ? name : $"{field}.{name}";
                var keyPlace = Place(key, path);
                if (key.Value == "<<")
                {
                    throw new YamlFileException(keyPlace, "merge keys (<<) are not read here.", "Write the keys out.");
                }

                if (keys.TryGetValue(key.Value, out var first))
                {
                    throw new YamlFileException(keyPlace, $"'{name}' stands here a second time; the first is on line {first.Line}.", "Keep one of the two.");
                }

                keys.Add(key.Value, keyPlace);
                values.Add(key.Value, Node(path, depth + 1));
            }

            return new YamlMap(place, values, keys);
        }

        private void RefuseAnchorAndTag(NodeEvent node, string field)
        {
            if (!node.Anchor.IsEmpty)
            {
                throw new YamlFileException(Place(node, field), "anchors (&name) are not read here.", "Write the value out where it is needed.");
            }

            if (!node.Tag.IsEmpty)
            {
                throw new YamlFileException(Place(node, field), "tags (!name) are not read here.", "Write the plain value; put text in quotes.");
            }
        }

        private YamlPlace Place(ParsingEvent at, string field) => new(file, Math.Max(1, (int)at.Start.Line), Math.Max(1, (int)at.Start.Column), field);
    }
}
