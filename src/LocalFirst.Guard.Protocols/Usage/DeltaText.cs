using System.Text.Json;

namespace LocalFirst.Guard.Protocols;

/// <summary>Counts the text that one event of a stream adds: the strings under <c>delta</c> that a model writes.</summary>
internal static class DeltaText
{
    /// <summary>UTF-8 bytes, escapes not undone: an estimate needs no more.</summary>
    public static int Count(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var (bytes, inside, isText) = (0, -1, false);
        try
        {
            while (reader.Read())
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        if (inside < 0 && reader.ValueTextEquals("delta"u8))
                        {
                            (inside, isText) = (reader.CurrentDepth, true);
                        }
                        else
                        {
                            isText = inside >= 0 && reader.CurrentDepth > inside && IsWritten(ref reader);
                        }

                        break;
                    case JsonTokenType.String when isText:
                        bytes += reader.ValueSpan.Length;
                        break;
                    default:
                        break;
                }

                // Left again by a scalar of its own, or by the end of its object.
                if (inside >= 0 && reader.TokenType != JsonTokenType.PropertyName && reader.CurrentDepth <= inside && reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
                {
                    (inside, isText) = (-1, false);
                }
            }
        }
        catch (JsonException)
        {
            // What could be read of it counts.
        }

        return bytes;
    }

    private static bool IsWritten(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("content"u8) || reader.ValueTextEquals("text"u8) || reader.ValueTextEquals("partial_json"u8) || reader.ValueTextEquals("thinking"u8)
        || reader.ValueTextEquals("arguments"u8) || reader.ValueTextEquals("reasoning_content"u8) || reader.ValueTextEquals("reasoning"u8) || reader.ValueTextEquals("refusal"u8);
}
