using System.IO.Compression;
using System.Text;
using LocalFirst.Guard.EndToEnd.Broker;

namespace LocalFirst.Guard.EndToEnd.Interception.Attacks;

/// <summary>Bodies behind a Content-Encoding: bombs, lies, and places where a decompressor looks away.</summary>
internal static class ContentCodings
{
    private const int BombMegabytes = 300;

    private const string TooLarge = "400";

    private static readonly string[] Known = ["gzip", "deflate", "br", "zstd"];

    public static IEnumerable<Attack> All =>
    [
        .. Known.Select(coding => Coded($"content-{coding}-bomb", "RFC 9110 §8.4, CWE-409", TooLarge, coding, () => Bomb(coding))),
        Coded("content-gzip-in-gzip-bomb", "CWE-409", TooLarge, "gzip, gzip", () => Encode("gzip", Bomb("gzip"))),
        Coded("content-zstd-in-br-bomb", "CWE-409", TooLarge, "zstd, br", () => Encode("br", Bomb("zstd"))),
        .. Known.Select(coding => Coded($"content-{coding}-cut-off", "RFC 9110 §8.4", "400", coding, () => Encode(coding, Http.Body)[..^3])),
        .. Known.Select(coding => Coded($"content-{coding}-that-is-none", "RFC 9110 §8.4", "400", coding, () => Http.Body)),
        .. Known.Select(coding => Coded($"content-{coding}-with-bytes-behind-it", "RFC 1952 §2.2", "400", coding, () => [.. Encode(coding, Http.Body), .. Encoding.ASCII.GetBytes(Http.SecretBody)])),
        .. Known.Select(coding => Coded($"content-{coding}-twice-over", "RFC 1952 §2.2, RFC 8878 §3.1", "400", coding, () => [.. Encode(coding, Http.Body), .. Encode(coding, Encoding.ASCII.GetBytes(Http.SecretBody))])),
        .. Known.Select(coding => Coded($"content-{coding}-with-a-secret", "inspection bypass", "400", coding, () => Encode(coding, Encoding.ASCII.GetBytes(Http.SecretBody)))),
        .. Known.Select(coding => Coded($"content-{coding}-of-a-clean-request", "RFC 9110 §8.4", "200", coding, () => Encode(coding, Http.Body)) with { Arrives = [new(Http.ChatLine, Encoding.UTF8.GetString(Encode(coding, Http.Body)))] }),
        Coded("content-secret-in-gzip-in-br", "inspection bypass", "400", "gzip, br", () => Encode("br", Encode("gzip", Encoding.ASCII.GetBytes(Http.SecretBody)))),
        Coded("content-gzip-that-is-br", "RFC 9110 §8.4", "400", "gzip", () => Encode("br", Http.Body)),
        Coded("content-identity-that-is-gzip", "RFC 9110 §8.4", "400", "identity", () => Encode("gzip", Http.Body)),
        Coded("content-coded-and-unsaid", "inspection bypass", "400", "", () => Encode("gzip", Encoding.ASCII.GetBytes(Http.SecretBody))),
        Coded("content-coding-unknown", "RFC 9110 §8.4", "400", "compress", () => Http.Body),
        Coded("content-coding-unknown-behind-a-known", "RFC 9110 §8.4", "400", "x-cow, gzip", () => Encode("gzip", Http.Body)),
        Coded("content-codings-four-deep", "CWE-409", "400", "gzip, gzip, gzip, gzip", () => Encode("gzip", Encode("gzip", Encode("gzip", Encode("gzip", Http.Body))))),
        Coded("content-gzip-with-a-file-name", "RFC 1952 §2.3.1", "400", "gzip", () =>
        {
            var gzip = Encode("gzip", Http.Body);
            return [.. gzip[..3], 0x08, .. gzip[4..10], .. Encoding.ASCII.GetBytes(Http.SecretBody), 0, .. gzip[10..]];
        }),
        Coded("content-zstd-with-a-skippable-frame", "RFC 8878 §3.1.2", "400", "zstd", () => [0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, .. "text"u8, .. Encode("zstd", Http.Body)]),
        Coded("content-in-UTF-16", "inspection bypass", "400", "", () => Encoding.Unicode.GetBytes(Http.SecretBody)),
        Coded("content-in-UTF-16-with-a-mark", "inspection bypass", "400", "", () => [.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes(Http.SecretBody)]),
        Coded("content-in-UTF-32", "inspection bypass", "400", "", () => Encoding.UTF32.GetBytes(Http.SecretBody)),
    ];

    private static Attack Coded(string id, string source, string told, string coding, Func<byte[]> body) => new(id, source, told, async broker =>
    {
        await using var connection = await RawConnection.ThroughAsync(broker.Guard, "api.openai.com");
        string[] headers = coding.Length == 0 ? ["Content-Type: application/json"] : ["Content-Type: application/json", $"Content-Encoding: {coding}"];
        return $"{(await connection.RequestAsync("POST", "/v1/chat/completions", "api.openai.com", headers, body())).Status}";
    });

    private static byte[] Bomb(string coding)
    {
        using var bomb = new MemoryStream();
        using (var compressor = Compressor(coding, bomb))
        {
            compressor.Write("{\"model\":\"gpt-5\",\"messages\":[{\"role\":\"user\",\"content\":\""u8);
            var block = new byte[1_000_000];
            block.AsSpan().Fill((byte)'a');
            for (var at = 0; at < BombMegabytes; at++)
            {
                compressor.Write(block);
            }

            compressor.Write("\"}]}"u8);
        }

        return bomb.ToArray();
    }

    private static byte[] Encode(string coding, byte[] plain)
    {
        using var coded = new MemoryStream();
        using (var compressor = Compressor(coding, coded))
        {
            compressor.Write(plain);
        }

        return coded.ToArray();
    }

    private static Stream Compressor(string coding, Stream to) => coding switch
    {
        "gzip" => new GZipStream(to, CompressionLevel.Fastest, leaveOpen: true),
        "deflate" => new ZLibStream(to, CompressionLevel.Fastest, leaveOpen: true),
        "br" => new BrotliStream(to, CompressionLevel.Fastest, leaveOpen: true),
        _ => new ZstdSharp.CompressionStream(to, leaveOpen: true),
    };
}
