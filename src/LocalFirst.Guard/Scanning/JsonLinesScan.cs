using System.Text;
using System.Text.Json;
using LocalFirst.Guard.Inspection;

namespace LocalFirst.Guard.Scanning;

/// <summary>
/// <c>guard scan --jsonl</c>: for each line <c>{"id","text"}</c> in, one line <c>{"id","findings"}</c> out, in the same order. What cannot be read or
/// inspected gives a line with <c>error</c>, so that lines in and lines out always pair up.
/// </summary>
internal sealed class JsonLinesScan(IInspector inspector)
{
    /// <summary>Longest line taken, in bytes: a prompt of a million tokens is a tenth of it.</summary>
    public const int LongestLine = 64 * 1024 * 1024;

    private static readonly JsonWriterOptions Compact = new() { Indented = false };

    /// <summary>Scans to the end of the input.</summary>
    /// <param name="input">UTF-8 lines; not closed.</param>
    /// <param name="output">UTF-8 lines; not closed.</param>
    /// <returns>Whether every line could be scanned.</returns>
    public bool Run(Stream input, Stream output)
    {
        var allGood = true;
        var number = 0L;
        foreach (var (line, isTooLong) in Lines(input))
        {
            number++;
            if (!isTooLong && line.AsSpan().Trim(" \t\r\n"u8).IsEmpty)
            {
                continue;
            }

            allGood &= isTooLong
                ? WriteError(output, id: null, number, $"The line is longer than {LongestLine / (1024 * 1024)} MB.")
                : ScanLine(line, number, output);

            // Each answer leaves at once: a caller that waits for it before the next line would wait for ever.
            output.Flush();
        }

        return allGood;
    }

    private bool ScanLine(byte[] line, long number, Stream output)
    {
        JsonDocument json;
        try
        {
            // Bytes that are not UTF-8 read as U+FFFD, as in a file; the JSON reader alone would refuse the line.
            json = JsonDocument.Parse(Encoding.UTF8.GetString(line));
        }
        catch (JsonException)
        {
            return WriteError(output, id: null, number, "The line is not JSON.");
        }

        using (json)
        {
            var root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("id", out var id))
            {
                return WriteError(output, id: null, number, "The line must be an object with \"id\" and \"text\".");
            }

            if (!root.TryGetProperty("text", out var text) || text.ValueKind != JsonValueKind.String)
            {
                return WriteError(output, id: null, number, "\"text\" must be a string.");
            }

            var result = inspector.Inspect(new InspectionText(TextOf(text)));
            if (result.Failure is { } failure)
            {
                return WriteError(output, id, number, failure);
            }

            Write(output, writer =>
            {
                WriteId(writer, id);
                writer.WriteStartArray("findings");
                foreach (var finding in result.Findings)
                {
                    writer.WriteStartObject();
                    writer.WriteString("detector", finding.Detector);
                    writer.WriteString("rule", finding.Rule);
                    writer.WriteString("type", finding.Type);
                    writer.WriteNumber("start", finding.Start);
                    writer.WriteNumber("end", finding.End);
                    writer.WriteNumber("confidence", finding.Confidence);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
            });
            return true;
        }
    }

    /// <summary>The string's UTF-16 code units. JSON may escape half a surrogate pair, which the reader refuses to return: offsets count it as one unit.</summary>
    private static string TextOf(JsonElement text)
    {
        try
        {
            return text.GetString()!;
        }
        catch (InvalidOperationException)
        {
            var raw = text.GetRawText();
            return JsonText.Unescape(raw.AsSpan(1, raw.Length - 2));
        }
    }

    private static bool WriteError(Stream output, JsonElement? id, long number, string what)
    {
        Write(output, writer =>
        {
            WriteId(writer, id);
            writer.WriteNumber("line", number);
            writer.WriteString("error", what);
        });
        return false;
    }

    private static void WriteId(Utf8JsonWriter writer, JsonElement? id)
    {
        writer.WritePropertyName("id");
        if (id is { } known)
        {
            // As it came: a number keeps its digits, a string its escapes.
            writer.WriteRawValue(known.GetRawText(), skipInputValidation: true);
        }
        else
        {
            writer.WriteNullValue();
        }
    }

    private static void Write(Stream output, Action<Utf8JsonWriter> content)
    {
        using (var writer = new Utf8JsonWriter(output, Compact))
        {
            writer.WriteStartObject();
            content(writer);
            writer.WriteEndObject();
        }

        output.WriteByte((byte)'\n');
    }

    /// <summary>Lines end at LF alone; a line beyond the cap is read past, not kept.</summary>
    private static IEnumerable<(byte[] Line, bool IsTooLong)> Lines(Stream input)
    {
        var block = new byte[81_920];
        using var line = new MemoryStream();
        var isTooLong = false;
        for (var read = input.Read(block, 0, block.Length); read > 0; read = input.Read(block, 0, block.Length))
        {
            var start = 0;
            while (start < read)
            {
                var lineBreak = Array.IndexOf(block, (byte)'\n', start, read - start);
                var end = lineBreak < 0 ? read : lineBreak;
                isTooLong |= line.Length + end - start > LongestLine;
                if (!isTooLong)
                {
                    line.Write(block, start, end - start);
                }

                if (lineBreak >= 0)
                {
                    yield return (line.ToArray(), isTooLong);
                    line.SetLength(0);
                    isTooLong = false;
                }

                start = end + 1;
            }
        }

        if (line.Length > 0 || isTooLong)
        {
            yield return (line.ToArray(), isTooLong);
        }
    }
}
