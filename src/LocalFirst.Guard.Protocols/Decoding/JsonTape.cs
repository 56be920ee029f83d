using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace LocalFirst.Guard.Protocols;

/// <summary>What a node's value is besides its text.</summary>
internal enum Opacity : byte
{
    /// <summary>Plain.</summary>
    None,

    /// <summary>Bytes or a reference to bytes that cannot be read here.</summary>
    Unreadable,

    /// <summary>An id or blob that this broker never saw the provider issue.</summary>
    OpaqueUnknown,
}

/// <summary>One value of a JSON document.</summary>
internal struct JsonNode
{
    public JsonTokenType Kind;
    public Opacity Opacity;
    public PartRole Role;
    public Provenance Provenance;

    /// <summary>Index of the parent on the tape, -1 for the root.</summary>
    public int Parent;

    /// <summary>Index after the last node of this subtree.</summary>
    public int End;

    /// <summary>Position among the parent's children, from 0.</summary>
    public int Index;

    /// <summary>1 for the first member of a name, 2 for the second …</summary>
    public int Occurrence;

    /// <summary>Byte offset and length of the value, quotes and brackets included.</summary>
    public int Start;
    public int Length;

    public int NameStart;
    public int NameLength;
    public string? Name;

    /// <summary>The unescaped text of a string; the digits of a number.</summary>
    public string? Text;
    public PartOrigin? Origin;
}

/// <summary>
/// A JSON document as a flat list of its values in wire order, every duplicate key kept. A subtree is a contiguous range, so nothing
/// here or above recurses, whatever the nesting. Byte offsets count in the body as given.
/// </summary>
internal sealed class JsonTape
{
    /// <summary>Deepest nesting that is read. Agents were seen at 14; more than this is no conversation.</summary>
    public const int MaxDepth = 512;

    /// <summary>
    /// Most values that are read: a value costs some fifty times its smallest spelling in memory, so that a body of `1,1,1,…` far below the
    /// body's cap would take gigabytes. Long agent conversations have some 20,000, the largest batch of token ids 300,000.
    /// </summary>
    public const int MaxNodes = 500_000;

    // Agent bodies hold a value for every 50 to 200 bytes. The arguments of each tool call get a tape of their own, mostly of a few values.
    private const int BytesPerNode = 128;
    private const int FewestNodes = 4;
    private const int MostNodesAtFirst = 4096;

    private readonly List<JsonNode> _nodes;

    private JsonTape(ReadOnlyMemory<byte> body)
    {
        Body = body;
        _nodes = new List<JsonNode>(Math.Clamp(body.Length / BytesPerNode, FewestNodes, MostNodesAtFirst));
    }

    public ReadOnlyMemory<byte> Body { get; }

    public int Count => _nodes.Count;

    /// <summary>Whether any object has two members of one name: two parsers may then read two different requests.</summary>
    public bool HasDuplicateKeys { get; private set; }

    /// <summary>Bytes after the value, from this offset on, when they are more than white space; else null.</summary>
    public int? TrailingFrom { get; private set; }

    public ref JsonNode this[int index] => ref CollectionsMarshal.AsSpan(_nodes)[index];

    /// <summary>Reads a body. Returns null and a reason, without any text of the body, for what is not exactly one JSON value.</summary>
    public static JsonTape? Read(ReadOnlyMemory<byte> body, out string? failure)
    {
        var tape = new JsonTape(body);
        failure = tape.Fill();
        return failure is null || tape.TrailingFrom is not null ? tape : null;
    }

    /// <summary>The last member of a name, which is the one most parsers take; -1 when there is none.</summary>
    public int Find(int parent, string name)
    {
        var found = -1;
        if (parent >= 0 && this[parent].Kind == JsonTokenType.StartObject)
        {
            var nodes = CollectionsMarshal.AsSpan(_nodes);
            for (var child = parent + 1; child < nodes[parent].End; child = nodes[child].End)
            {
                if (string.Equals(nodes[child].Name, name, StringComparison.Ordinal))
                {
                    found = child;
                }
            }
        }

        return found;
    }

    /// <summary>The text of a string member, or null.</summary>
    public string? Text(int parent, string name) => Text(Find(parent, name));

    public string? Text(int node) => node >= 0 && this[node].Kind == JsonTokenType.String ? this[node].Text : null;

    public bool IsTrue(int parent, string name) => Find(parent, name) is var node and >= 0 && this[node].Kind == JsonTokenType.True;

    public int? Number(int parent, string name) =>
        Find(parent, name) is var node and >= 0 && this[node].Kind == JsonTokenType.Number
        && int.TryParse(this[node].Text, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : null;

    public bool IsArray(int node) => node >= 0 && this[node].Kind == JsonTokenType.StartArray;

    public bool IsObject(int node) => node >= 0 && this[node].Kind == JsonTokenType.StartObject;

    public bool IsString(int node) => node >= 0 && this[node].Kind == JsonTokenType.String;

    /// <summary>The JSON of a value as it stands in the body.</summary>
    public string Raw(int node) => node < 0 ? "" : Encoding.UTF8.GetString(Body.Span.Slice(this[node].Start, this[node].Length));

    public IEnumerable<int> Children(int parent)
    {
        if (parent < 0)
        {
            yield break;
        }

        for (var child = parent + 1; child < this[parent].End; child = this[child].End)
        {
            yield return child;
        }
    }

    /// <summary>Says who speaks in a whole subtree.</summary>
    public void Annotate(int node, PartRole role, Provenance provenance, PartOrigin? origin = null)
    {
        if (node < 0)
        {
            return;
        }

        for (var i = node; i < this[node].End; i++)
        {
            ref var item = ref this[i];
            item.Role = role;
            item.Provenance = provenance;
            item.Origin = origin;
        }
    }

    /// <summary>RFC 6901 pointer of a node, in the form that <see cref="PartPlace"/> describes.</summary>
    public string Pointer(int node, bool ofName = false)
    {
        var depth = 0;
        for (var at = node; this[at].Parent >= 0; at = this[at].Parent)
        {
            depth++;
        }

        Span<int> path = stackalloc int[depth];
        depth = 0;
        for (var at = node; this[at].Parent >= 0; at = this[at].Parent)
        {
            path[depth++] = at;
        }

        var pointer = new StringBuilder(depth * 10);
        while (depth-- > 0)
        {
            ref var item = ref this[path[depth]];
            pointer.Append('/');
            if (item.Name is null)
            {
                pointer.Append(item.Index);
            }
            else if (SchemaNames.IsPlainWord(item.Name) && !(ofName && depth == 0))
            {
                // RFC 6901 §3: ~ becomes ~0 and / becomes ~1.
                pointer.Append(item.Name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal));
            }
            else
            {
                pointer.Append('*').Append(item.Index);
            }

            if (item.Occurrence > 1)
            {
                pointer.Append('#').Append(item.Occurrence);
            }
        }

        return ofName ? pointer.Append("~name").ToString() : pointer.ToString();
    }

    private string? Fill()
    {
        var span = Body.Span;
        // RFC 8259 §8.1 lets a parser ignore a byte order mark; offsets go on counting from the body's first byte.
        var bom = span.StartsWith("\uFEFF"u8) ? 3 : 0;
        if (!Utf8.IsValid(span))
        {
            return "the body is not valid UTF-8.";
        }

        try
        {
            var reader = new Utf8JsonReader(span[bom..], new JsonReaderOptions { MaxDepth = MaxDepth + 8 });
            var parent = -1;
            (int Start, int Length, string Name)? name = null;
            while (reader.Read())
            {
                if (reader.CurrentDepth > MaxDepth)
                {
                    return $"the JSON is nested deeper than {MaxDepth} levels.";
                }

                var start = bom + (int)reader.TokenStartIndex;
                var end = bom + (int)reader.BytesConsumed;
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        // BytesConsumed is behind the colon here; the token is the name with its two quotes.
                        name = (start, reader.ValueSpan.Length + 2, Unescape(ref reader, isName: true));
                        continue;
                    case JsonTokenType.EndObject or JsonTokenType.EndArray:
                        Close(parent, end);
                        parent = this[parent].Parent;
                        break;
                    default:
                        if (_nodes.Count == MaxNodes)
                        {
                            return $"the JSON has more than {MaxNodes} values.";
                        }

                        var node = Add(reader.TokenType, parent, start, end - start, name);
                        name = null;
                        if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                        {
                            parent = node;
                            continue;
                        }

                        this[node].Text = reader.TokenType switch
                        {
                            JsonTokenType.String => Unescape(ref reader, isName: false),
                            JsonTokenType.Number => Encoding.ASCII.GetString(reader.ValueSpan),
                            _ => null,
                        };
                        break;
                }

                if (parent < 0)
                {
                    return Trailing(span, end);
                }
            }

            return "the body is not whole JSON.";
        }
        catch (JsonException)
        {
            // The exception's message can quote the body.
            return "the body is not valid JSON.";
        }
    }

    private string? Trailing(ReadOnlySpan<byte> span, int end)
    {
        if (span[end..].ContainsAnyExcept(" \t\r\n"u8))
        {
            TrailingFrom = end;
            return "bytes follow the JSON value.";
        }

        return null;
    }

    private int Add(JsonTokenType kind, int parent, int start, int length, (int Start, int Length, string Name)? name)
    {
        var index = _nodes.Count;
        var position = 0;
        if (parent >= 0)
        {
            // While its container is open, End counts the children seen so far.
            position = this[parent].End++;
        }

        var container = kind is JsonTokenType.StartObject or JsonTokenType.StartArray;
        _nodes.Add(new JsonNode
        {
            Kind = kind,
            Parent = parent,
            End = container ? 0 : index + 1,
            Index = position,
            Occurrence = 1,
            Start = start,
            Length = length,
            Name = name?.Name,
            NameStart = name?.Start ?? 0,
            NameLength = name?.Length ?? 0,
        });
        return index;
    }

    private void Close(int node, int end)
    {
        var members = this[node].End;
        this[node].End = _nodes.Count;
        this[node].Length = end - this[node].Start;
        if (this[node].Kind == JsonTokenType.StartObject && members > 1)
        {
            NumberDuplicates(node, members);
        }
    }

    private void NumberDuplicates(int node, int members)
    {
        // Few members: comparing is cheaper than hashing. Many: hashing keeps it linear.
        var seen = members > 24 ? new Dictionary<string, int>(members, StringComparer.Ordinal) : null;
        for (var child = node + 1; child < this[node].End; child = this[child].End)
        {
            var name = this[child].Name!;
            var before = 0;
            if (seen is not null)
            {
                before = CollectionsMarshal.GetValueRefOrAddDefault(seen, name, out _)++;
            }
            else
            {
                for (var other = node + 1; other < child; other = this[other].End)
                {
                    before += string.Equals(this[other].Name, name, StringComparison.Ordinal) ? 1 : 0;
                }
            }

            if (before > 0)
            {
                this[child].Occurrence = before + 1;
                HasDuplicateKeys = true;
            }
        }
    }

    private static string Unescape(ref Utf8JsonReader reader, bool isName)
    {
        var bytes = reader.ValueSpan;
        if (isName && bytes.Length <= 32 && !reader.ValueIsEscaped)
        {
            Span<char> chars = stackalloc char[32];
            var count = Encoding.UTF8.GetChars(bytes, chars);
            return SchemaNames.TryGet(chars[..count], out var known) ? known! : new string(chars[..count]);
        }

        return reader.ValueIsEscaped ? JsonEscapes.Undo(bytes) : Encoding.UTF8.GetString(bytes);
    }
}
