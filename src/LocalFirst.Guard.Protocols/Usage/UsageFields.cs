using System.Text.Json;

namespace LocalFirst.Guard.Protocols;

/// <summary>
/// The counts of a usage object in any of the three forms. Later objects of one answer replace what they name: Anthropic's counts are cumulative
/// ("Streaming messages" in its documentation).
/// </summary>
internal sealed record UsageFields
{
    /// <summary>2^53 − 1, the largest integer of a record.</summary>
    private const long MaxCount = 9_007_199_254_740_991;

    private long _input;
    private long _output;
    private long _cacheRead;
    private long _cacheWrite;
    private long _cacheWriteLong;

    /// <summary>Whether the input count holds what was cached too: so in OpenAI's forms.</summary>
    private bool _inputHoldsCached;

    public UsageFields With(JsonElement usage)
    {
        var next = this with { };
        foreach (var member in usage.EnumerateObject())
        {
            switch (member.Name)
            {
                case "prompt_tokens" or "input_tokens":
                    Set(ref next._input, member.Value);
                    break;
                case "completion_tokens" or "output_tokens":
                    Set(ref next._output, member.Value);
                    break;
                case "cache_read_input_tokens":
                    Set(ref next._cacheRead, member.Value);
                    break;
                case "cache_creation_input_tokens":
                    Set(ref next._cacheWrite, member.Value);
                    break;
                case "cache_creation" when member.Value.ValueKind == JsonValueKind.Object && member.Value.TryGetProperty("ephemeral_1h_input_tokens", out var hour):
                    Set(ref next._cacheWriteLong, hour);
                    break;
                case "prompt_tokens_details" or "input_tokens_details" when member.Value.ValueKind == JsonValueKind.Object:
                    next._inputHoldsCached = true;
                    if (member.Value.TryGetProperty("cached_tokens", out var cached))
                    {
                        Set(ref next._cacheRead, cached);
                    }

                    if (member.Value.TryGetProperty("cache_write_tokens", out var written))
                    {
                        Set(ref next._cacheWrite, written);
                    }

                    break;
                default:
                    break;
            }
        }

        return next;
    }

    public TokenCounts ToCounts() =>
        new(_inputHoldsCached ? Math.Max(0, _input - _cacheRead - _cacheWrite) : _input, _cacheRead, _cacheWrite, _output, Math.Min(_cacheWrite, _cacheWriteLong));

    private static void Set(ref long count, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number))
        {
            count = Math.Clamp(number, 0, MaxCount);
        }
    }
}
