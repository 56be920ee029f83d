using System.Collections.Frozen;
using System.Text.Json;

namespace LocalFirst.Guard.Protocols;

/// <summary>
/// Makes parts of a tape: every string, every name that the APIs do not define, every number long enough to be a card or account
/// number. It runs over all of the document whatever decoder read it, so that an unknown field is a part like any other.
/// </summary>
internal static class BodyParts
{
    // A payment card has at least 12 digits, a US SSN 9, many account numbers 7.
    private const int MinNumberDigits = 7;

    // A list of this many numbers can be text in disguise: token ids, bytes, code points.
    private const int MinNumberList = 32;

    // Names whose value stands for content that is not in the request, at any depth and in any API.
    private static readonly FrozenSet<string> OpaqueNames = FrozenSet.Create(
        StringComparer.Ordinal,
        "cachedContent", "cached_content", "encrypted_content", "encrypted_index", "file_id", "file_ids", "fileUri", "file_uri", "input_file_id",
        "previous_response_id", "reasoning_opaque", "thoughtSignature", "thought_signature", "training_file", "vector_store_ids");

    public static void Add(PromptDraft draft, List<Part> parts)
    {
        var tape = draft.Tape;
        for (var i = 0; i < tape.Count; i++)
        {
            ref var node = ref tape[i];
            if (node.Name is { Length: > 0 } name && !SchemaNames.Contains(name))
            {
                parts.Add(Text(tape, i, name, ofName: true));
            }

            switch (node.Kind)
            {
                case JsonTokenType.String or JsonTokenType.Number:
                    AddScalar(draft, i, parts);
                    break;
                case JsonTokenType.StartArray when IsNumberList(tape, i):
                    parts.Add(Uninspectable(tape, i, UninspectableReason.Unreadable));
                    break;
                case JsonTokenType.StartObject or JsonTokenType.StartArray when node.Opacity != Opacity.None:
                    parts.Add(Uninspectable(tape, i, Reason(node.Opacity)));
                    break;
            }
        }
    }

    private static void AddScalar(PromptDraft draft, int i, List<Part> parts)
    {
        var tape = draft.Tape;
        ref var node = ref tape[i];
        var text = node.Text!;

        // A tool call's arguments are words to a tool; the provider looks nothing up by them.
        if (node.Opacity == Opacity.None && node.Provenance != Provenance.ToolCall && IsOpaqueName(tape, i))
        {
            draft.Opaque(i);
        }

        // With two members of one name it is not sure which type a block has, so data that might be a file is held to be one.
        if (node.Opacity == Opacity.None && tape.HasDuplicateKeys && PromptDraft.IsBulkBase64(text))
        {
            node.Opacity = Opacity.Unreadable;
        }

        if (node.Opacity != Opacity.None)
        {
            parts.Add(Uninspectable(tape, i, Reason(node.Opacity)));
        }

        if (node.Kind == JsonTokenType.Number ? CountDigits(text) >= MinNumberDigits : text.Length > 0)
        {
            // The value that leaves is looked at even where it stands for more than its letters; only a file's bulk is not text.
            if (node.Opacity != Opacity.Unreadable || !PromptDraft.IsBulkBase64(text))
            {
                parts.Add(Text(tape, i, text, ofName: false));
            }
        }
    }

    private static bool IsOpaqueName(JsonTape tape, int node)
    {
        var named = tape[node].Name is null && tape[node].Parent >= 0 ? tape[node].Parent : node;
        return tape[named].Name is { } name && OpaqueNames.Contains(name);
    }

    private static bool IsNumberList(JsonTape tape, int array)
    {
        // A list of scalars only: every node of the subtree is a direct child.
        var count = tape[array].End - array - 1;
        if (count < MinNumberList)
        {
            return false;
        }

        for (var i = array + 1; i < tape[array].End; i++)
        {
            if (tape[i].Kind != JsonTokenType.Number)
            {
                return false;
            }
        }

        return true;
    }

    private static int CountDigits(string number)
    {
        var digits = 0;
        foreach (var c in number)
        {
            digits += char.IsAsciiDigit(c) ? 1 : 0;
        }

        return digits;
    }

    private static Part Text(JsonTape tape, int i, string text, bool ofName)
    {
        ref var node = ref tape[i];
        return new Part
        {
            Place = new PartPlace(tape.Pointer(i, ofName), ofName ? new ByteRange(node.NameStart, node.NameLength) : new ByteRange(node.Start, node.Length)),
            Text = text,
            Role = node.Role,
            Provenance = node.Provenance,
            Origin = node.Origin,
        };
    }

    private static Part Uninspectable(JsonTape tape, int i, UninspectableReason reason)
    {
        ref var node = ref tape[i];
        return new Part
        {
            Place = new PartPlace(tape.Pointer(i), new ByteRange(node.Start, node.Length)),
            Text = "",
            Role = node.Role,
            Provenance = node.Provenance,
            Origin = node.Origin,
            Uninspectable = reason,
        };
    }

    private static UninspectableReason Reason(Opacity opacity) =>
        opacity == Opacity.OpaqueUnknown ? UninspectableReason.OpaqueUnknown : UninspectableReason.Unreadable;
}
