using System.Collections.Frozen;

namespace LocalFirst.Guard.Protocols;

/// <summary>
/// Property names that the known APIs define themselves. Such a name is no text of anybody, so it is no part; any other name is one.
/// Names come from the providers' API references and from JSON Schema, which tool declarations are written in.
/// </summary>
internal static class SchemaNames
{
    private static readonly FrozenSet<string> Known = FrozenSet.Create(
        StringComparer.Ordinal,
        "$schema", "action", "additionalProperties", "anyOf", "arguments", "cache_control", "call_id", "citations", "client_metadata", "command",
        "content", "context_management", "conversation", "custom", "data", "default", "description", "detail", "device_id", "edits", "effort",
        "encrypted_content", "enum", "file", "file_data", "file_id", "file_ids", "file_path", "file_url", "filename", "format", "function",
        "functions", "id", "image_url", "include", "include_usage", "input", "input_audio", "input_schema", "instructions", "is_error", "items",
        "json_schema", "max_completion_tokens", "max_output_tokens", "max_tokens", "maxItems", "maxLength", "maximum", "media_type", "messages",
        "metadata", "minItems", "minLength", "minimum", "model", "name", "oneOf", "output", "output_config", "parallel_tool_calls", "parameters",
        "path", "pattern", "previous_response_id", "prompt", "prompt_cache_key", "properties", "reasoning", "reasoning_effort", "refusal",
        "required", "response_format", "role", "schema", "service_tier", "session_id", "signature", "source", "status", "stop",
        "stop_sequences", "store", "stream", "stream_options", "strict", "summary", "system", "temperature", "text", "thinking", "title",
        "tool_call_id", "tool_calls", "tool_choice", "tool_use_id", "tools", "top_p", "ttl", "type", "url", "user", "user_id", "verbosity");

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Lookup = Known.GetAlternateLookup<ReadOnlySpan<char>>();

    public static bool Contains(string name) => Known.Contains(name);

    /// <summary>The shared instance of a known name, so that the usual names cost no allocation.</summary>
    public static bool TryGet(ReadOnlySpan<char> name, out string? known) => Lookup.TryGetValue(name, out known);

    /// <summary>
    /// Whether a name may stand in a place, which goes into records: a plain word, not something that looks like a value. At most 32
    /// characters, letters with few digits and no run of capitals, as in access key ids and random tokens.
    /// </summary>
    public static bool IsPlainWord(string name)
    {
        if (Known.Contains(name))
        {
            return true;
        }

        if (name.Length is 0 or > 32)
        {
            return false;
        }

        var (digits, capitals) = (0, 0);
        foreach (var c in name)
        {
            capitals = char.IsAsciiLetterUpper(c) ? capitals + 1 : 0;
            digits += char.IsAsciiDigit(c) ? 1 : 0;
            if (!(char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '/' or '~' or '$' or '.') || capitals > 2 || digits > 2)
            {
                return false;
            }
        }

        return true;
    }
}
