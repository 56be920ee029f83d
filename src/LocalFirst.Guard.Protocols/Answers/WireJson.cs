using System.Buffers;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace LocalFirst.Guard.Protocols;

/// <summary>Writes JSON bodies and server-sent events (HTML Living Standard §9.2).</summary>
internal static class WireJson
{
    public const string EventStream = "text/event-stream";

    // The answer goes to a JSON parser, never into a page; relaxed escaping keeps other scripts readable in a trace, as the providers do.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = false };

    /// <summary>A new id as the providers write them: a prefix and random letters and digits.</summary>
    public static string NewId(string prefix) => prefix + RandomNumberGenerator.GetHexString(24, lowercase: true);

    public static EncodedAnswer Answer(int status, Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        WriteObject(buffer, members);
        return new EncodedAnswer(status, "application/json", buffer.WrittenMemory);
    }

    /// <summary>One JSON object.</summary>
    public static ReadOnlyMemory<byte> Object(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        WriteObject(buffer, members);
        return buffer.WrittenMemory;
    }

    /// <summary>One event. Without a name it is data only.</summary>
    public static void Event(ArrayBufferWriter<byte> buffer, string? name, Action<Utf8JsonWriter> members)
    {
        if (name is not null)
        {
            buffer.Write("event: "u8);
            buffer.Write(System.Text.Encoding.ASCII.GetBytes(name));
            buffer.Write("\n"u8);
        }

        buffer.Write("data: "u8);
        WriteObject(buffer, members);
        buffer.Write("\n\n"u8);
    }

    public static ReadOnlyMemory<byte> Event(string? name, Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        Event(buffer, name, members);
        return buffer.WrittenMemory;
    }

    private static void WriteObject(ArrayBufferWriter<byte> buffer, Action<Utf8JsonWriter> members)
    {
        using var json = new Utf8JsonWriter(buffer, Options);
        json.WriteStartObject();
        members(json);
        json.WriteEndObject();
        json.Flush();
    }
}
