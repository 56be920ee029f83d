using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace LocalFirst.Guard.Portal.Control;

/// <summary>What another process of the same user asks of the running broker.</summary>
/// <param name="Op">What to do; so far <see cref="PortalLink"/>.</param>
internal sealed record ControlRequest(string Op)
{
    /// <summary>Mint a sign-in link.</summary>
    public const string PortalLink = "portal-link";
}

/// <summary>The answer: a link, or an error.</summary>
internal sealed record ControlResponse(string? Link, string? Error);

/// <summary>One line of JSON each way.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ControlRequest))]
[JsonSerializable(typeof(ControlResponse))]
internal sealed partial class ControlJson : JsonSerializerContext
{
    /// <summary>Longest line, in bytes.</summary>
    private const int MaxLine = 4096;

    /// <summary>Reads one line; null when the other side sends none, or one that is too long.</summary>
    public static async Task<byte[]?> ReadLineAsync(Stream stream, CancellationToken cancellation)
    {
        var buffer = new byte[MaxLine];
        var length = 0;
        while (length < buffer.Length)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(length), cancellation);
            if (read == 0)
            {
                return null;
            }

            var end = buffer.AsSpan(length, read).IndexOf((byte)'\n');
            if (end >= 0)
            {
                return buffer[..(length + end)];
            }

            length += read;
        }

        return null;
    }

    public static async Task WriteLineAsync(Stream stream, string json, CancellationToken cancellation)
    {
        await stream.WriteAsync(Encoding.UTF8.GetBytes(json + "\n"), cancellation);
        await stream.FlushAsync(cancellation);
    }

    public static ControlRequest? Request(byte[] line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, Default.ControlRequest);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static ControlResponse? Response(byte[] line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, Default.ControlResponse);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
