using LocalFirst.Guard.EndToEnd.Broker;
using static LocalFirst.Guard.EndToEnd.Interception.Attacks.Attack;

namespace LocalFirst.Guard.EndToEnd.Interception.Attacks;

/// <summary>Requests inside the tunnel that two readers could read differently: request smuggling and its relatives.</summary>
internal static class Messages
{
    private const string Refused = "400, closed";

    private static readonly Arrival[] OneClean = [new(Http.ChatLine, Http.Clean, "X-Trailer")];

    public static IEnumerable<Attack> Lengths =>
    [
        Inside("length-and-chunked", "RFC 9112 §6.3, CL.TE", Refused, Http.Post("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n" + Http.Hidden)),
        Inside("chunked-and-length", "RFC 9112 §6.3, TE.CL", Refused, Http.Post("Transfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n" + Http.Hidden)),
        Inside("length-renamed", "Kestrel's X-Content-Length", Refused, Http.Post($"X-Content-Length: 5\r\nContent-Length: {Http.Clean.Length}", Http.Clean)),
        new("length-0-and-a-hidden-request", "RFC 9112 §6.3, CL.0", "200, 400", broker => PipelineAsync(broker, Http.Post("Content-Length: 0", Http.Hidden), 2)) { Arrives = [new(Http.ChatLine, "")] },
        Length("length-plus", "+5"),
        Length("length-minus", "-5"),
        Length("length-hexadecimal", "0x5"),
        Length("length-with-a-fraction", "5.0"),
        Length("length-with-an-exponent", "5e0"),
        Length("length-with-a-space-inside", "5 5"),
        Length("length-with-an-underscore", "5_0"),
        Length("length-list-of-equals", "5, 5"),
        Length("length-list", "5, 6"),
        Length("length-empty", ""),
        Length("length-over-64-bits", "18446744073709551621"),
        Length("length-in-other-digits", "\u00b2"),
        Inside("length-twice-and-different", "RFC 9112 §6.3", Refused, Http.Post("Content-Length: 5\r\nContent-Length: 6", "hello" + Http.Hidden)),
        Inside("length-twice-and-equal", "RFC 9112 §6.3", Refused, Http.Post("Content-Length: 5\r\nContent-Length: 5", "hello" + Http.Hidden)),
        new("length-too-short-leaves-a-request", "RFC 9112 §6.3", "200, 400, closed", broker => PipelineAsync(broker, Http.Whole() + "x: y\r\n\r\n" + Http.Hidden, 2)) { Arrives = OneClean },
        new("length-too-long", "RFC 9112 §6.3", "gone", broker => LeaveAsync(broker, Http.Post($"Content-Length: {Http.Clean.Length + 1}", Http.Clean))),
        Inside("GET-with-a-hidden-body", "RFC 9110 §9.3.1", "400", Http.Get("/v1/models", $"Content-Length: {Http.Hidden.Length}") + Http.Hidden),
        Inside("GET-with-a-body-is-read-as-such", "RFC 9110 §9.3.1", "200", Http.Get("/v1/models", $"Content-Type: application/json\r\nContent-Length: {Http.Clean.Length}") + Http.Clean)
            with { Arrives = [new("GET /v1/models HTTP/1.1", Http.Clean)] },
    ];

    public static IEnumerable<Attack> Codings =>
    [
        Coding("coding-gzip-chunked", "gzip, chunked"),
        Coding("coding-chunked-gzip", "chunked, gzip"),
        Coding("coding-chunked-twice-in-a-list", "chunked, chunked"),
        Coding("coding-identity", "identity"),
        Coding("coding-unknown", "cow"),
        Coding("coding-xchunked", "xchunked"),
        Coding("coding-with-a-parameter", "chunked;q=1"),
        Coding("coding-quoted", "\"chunked\""),
        Coding("coding-with-a-vertical-tab", "\u000bchunked"),
        Coding("coding-with-a-comma", "chunked,"),
        Coding("coding-empty", ""),
        Inside("coding-chunked-twice", "RFC 9112 §6.1", Refused, Http.Post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "0\r\n\r\n" + Http.Hidden)),
        Inside("coding-identity-then-chunked", "RFC 9112 §6.1", Refused, Http.Post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", "0\r\n\r\n" + Http.Hidden)),
        Inside("coding-space-before-the-colon", "RFC 9112 §5.1", Refused, Http.Post("Transfer-Encoding : chunked", "0\r\n\r\n" + Http.Hidden)),
        Inside("coding-behind-a-space", "RFC 9112 §5.2", Refused, Http.Post("X: y\r\n Transfer-Encoding: chunked", "0\r\n\r\n" + Http.Hidden)),
        Inside("coding-in-HTTP-1.0", "RFC 9112 §6.1", Refused, Http.Post("Transfer-Encoding: chunked", "0\r\n\r\n").Replace("HTTP/1.1", "HTTP/1.0", StringComparison.Ordinal)),
        Inside("coding-with-an-underscore-is-no-coding", "http-garden, header name translation", "200", Http.Whole("Transfer_Encoding: chunked")) with { Arrives = OneClean },
        Inside("coding-in-capitals-is-chunked", "RFC 9112 §7", "200", Http.Chunked().Replace("chunked", "ChUnKeD", StringComparison.Ordinal)) with { Arrives = OneClean },
    ];

    public static IEnumerable<Attack> Chunks =>
    [
        Chunk("chunk-size-over-64-bits", "10000000000000005"),
        Chunk("chunk-size-over-32-bits", "100000005"),
        Chunk("chunk-size-of-31-bits", "7fffffff7"),
        Chunk("chunk-size-negative", "-5"),
        Chunk("chunk-size-plus", "+5"),
        Chunk("chunk-size-0x", "0x5"),
        Chunk("chunk-size-behind-a-space", " 5"),
        Chunk("chunk-size-before-a-space", "5 "),
        Chunk("chunk-size-with-an-underscore", "0_5"),
        Chunk("chunk-size-empty", ""),
        Chunk("chunk-size-no-hexadecimal", "g"),
        Chunk("chunk-size-ends-in-LF", "5\n"),
        Inside("chunk-longer-than-it-says", "RFC 9112 §7.1", Refused, Http.Post("Transfer-Encoding: chunked", "5\r\nhello world\r\n0\r\n\r\n")),
        Inside("chunk-shorter-than-it-says", "RFC 9112 §7.1", Refused, Http.Post("Transfer-Encoding: chunked", "7\r\nhello\r\n0\r\n\r\n")),
        Inside("chunk-data-ends-in-LF", "RFC 9112 §2.2", Refused, Http.Post("Transfer-Encoding: chunked", "5\r\nhello\n0\r\n\r\n")),
        Inside("chunk-data-ends-in-two-letters", "http-garden, TROPHIES", Refused, Http.Post("Transfer-Encoding: chunked", "5\r\nhelloXX0\r\n\r\n")),
        Inside("chunk-last-size-00", "RFC 9112 §7.1", "200", Http.Chunked().Replace("\r\n0\r\n", "\r\n000\r\n", StringComparison.Ordinal)) with { Arrives = OneClean },
        Inside("chunk-extension", "RFC 9112 §7.1.1", "200", Http.Chunked(";name=value")) with { Arrives = OneClean },
        Inside("chunk-extension-with-a-hidden-secret", "RFC 9112 §7.1.1", "200", Http.Chunked($";x=\"{Http.SecretBody.Length}\"")) with { Arrives = OneClean },
        Inside("chunk-extension-with-LF", "CVE-2025-55315", Refused, Http.Chunked(";\nx")),
        Inside("chunk-extension-with-CR", "CVE-2025-55315", Refused, Http.Chunked(";a\rx")),
        Inside("chunk-extension-of-100-KB", "CVE-2023-39326", "200", Http.Chunked($";x={new string('a', 100_000)}")) with { Arrives = OneClean },
        Inside("trailer-stays-here", "RFC 9110 §6.5.1", "200", Http.Chunked(trailers: "X-Trailer: 1\r\n")) with { Arrives = OneClean },
        Inside("trailer-with-a-length", "RFC 9110 §6.5.1", "200", Http.Chunked(trailers: "Content-Length: 5\r\n")) with { Arrives = OneClean },
        Inside("trailer-with-a-coding", "RFC 9110 §6.5.1", "200", Http.Chunked(trailers: "Transfer-Encoding: chunked\r\n")) with { Arrives = OneClean },
        Inside("trailer-with-a-host", "RFC 9110 §6.5.1", "200", Http.Chunked(trailers: "Host: evil.example\r\n")) with { Arrives = OneClean },
        Inside("trailer-with-LF", "RFC 9112 §2.2", Refused, Http.Chunked(trailers: "X-Trailer: 1\n")),
        Inside("trailer-bomb", "RFC 6585 §5", "431, closed", Http.Chunked(trailers: $"X-Trailer: {new string('a', 100_000)}\r\n")),
        new("chunks-that-break-off", "RFC 9112 §8", "gone", broker => LeaveAsync(broker, Http.Post("Transfer-Encoding: chunked", $"{Http.Clean.Length:x}\r\n{Http.Clean}\r\n"))),
    ];

    public static IEnumerable<Attack> Heads =>
    [
        Inside("LF-ends-the-request-line", "RFC 9112 §2.2", Refused, "GET /v1/models HTTP/1.1\nHost: api.openai.com\r\n\r\n"),
        Inside("LF-ends-a-field", "RFC 9112 §2.2", Refused, Http.Get("/v1/models", "X: a\nX-Hidden: b")),
        Inside("LF-ends-the-head", "RFC 9112 §2.2", Refused, "GET /v1/models HTTP/1.1\r\nHost: api.openai.com\n\n"),
        Inside("CR-in-a-value", "RFC 9110 §5.5", Refused, Http.Get("/v1/models", "X: a\rX-Hidden: b")),
        Inside("obs-fold", "RFC 9112 §5.2", Refused, Http.Get("/v1/models", "X: a\r\n\tb")),
        Inside("NUL-in-a-value", "RFC 9110 §5.5", Refused, Http.Get("/v1/models", "X: a\0b")),
        Inside("NUL-in-a-name", "RFC 9110 §5.1", Refused, Http.Get("/v1/models", "X\0Y: a")),
        Inside("NUL-in-the-target", "RFC 9112 §3.2", Refused, Http.Get("/v1/\0models")),
        Inside("space-in-the-target", "RFC 9112 §3", Refused, Http.Get("/v1/models HTTP/1.1 /x")),
        Inside("tab-in-the-target", "RFC 9112 §3", Refused, Http.Get("/v1/\tmodels")),
        Inside("space-in-a-name", "RFC 9110 §5.1", Refused, Http.Get("/v1/models", "X Y: a")),
        Inside("brackets-in-a-name", "RFC 9110 §5.1", Refused, Http.Get("/v1/models", "X[]: a")),
        Inside("empty-name", "RFC 9110 §5.1", Refused, Http.Get("/v1/models", ": a")),
        Inside("no-colon", "RFC 9112 §5", Refused, Http.Get("/v1/models", "Not a field")),
        Inside("HTTP-0.9", "RFC 9112 §2.3", "505, closed", "GET /v1/models\r\n\r\n"),
        Inside("HTTP-1.0-without-host", "RFC 9112 §2.3", "421, closed", "GET /v1/models HTTP/1.0\r\n\r\n"),
        Inside("HTTP-1.2", "RFC 9110 §2.5", "505, closed", Http.Get("/v1/models").Replace("HTTP/1.1", "HTTP/1.2", StringComparison.Ordinal)),
        Inside("HTTP-2.0-in-text", "RFC 9110 §2.5", "505, closed", Http.Get("/v1/models").Replace("HTTP/1.1", "HTTP/2.0", StringComparison.Ordinal)),
        Inside("HTTP-in-lower-case", "RFC 9112 §2.3", "505, closed", Http.Get("/v1/models").Replace("HTTP/1.1", "http/1.1", StringComparison.Ordinal)),
        Inside("HTTP-2-preface-over-HTTP-1.1", "RFC 9113 §3.4", "505, closed", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        Inside("upgrade-to-h2c", "h2c smuggling", "426", Http.Get("/v1/models", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__")),
        Inside("TRACE", "RFC 9110 §9.3.8", "405, closed", "TRACE /v1/models HTTP/1.1\r\nHost: api.openai.com\r\n\r\n"),
        Inside("method-with-a-NUL", "RFC 9110 §9.1", Refused, "GE\0T /v1/models HTTP/1.1\r\nHost: api.openai.com\r\n\r\n"),
        Inside("method-of-10-KB", "RFC 9110 §9.1", "414, closed", $"{new string('G', 10_000)} /v1/models HTTP/1.1\r\nHost: api.openai.com\r\n\r\n"),
        Inside("target-of-10-KB", "RFC 9110 §15.5.15", "414, closed", Http.Get("/v1/" + new string('a', 10_000))),
        Inside("head-of-70-KB", "RFC 6585 §5", "431, closed", Http.Get("/v1/models", "X: " + new string('a', 70_000))),
        Inside("head-of-120-fields", "RFC 6585 §5", "431, closed", Http.Get("/v1/models", string.Join("\r\n", Enumerable.Range(0, 120).Select(i => $"X-{i}: 1")))),
        Inside("head-of-100000-fields", "RFC 6585 §5", "431, closed", Http.Get("/v1/models", string.Join("\r\n", Enumerable.Range(0, 100_000).Select(i => $"X-{i}: 1")))),
        Inside("connection-names-a-field", "RFC 9110 §7.6.1", "200", Http.Whole("Connection: keep-alive, X-Only-Here\r\nX-Only-Here: 1")) with { Arrives = [new(Http.ChatLine, Http.Clean, "X-Only-Here", "Connection")] },
        Inside("connection-names-a-field-beside-close", "RFC 9110 §7.6.1", "200", Http.Whole("Connection: close, X-Only-Here\r\nX-Only-Here: 1")) with { Arrives = [new(Http.ChatLine, Http.Clean, "X-Only-Here", "Connection")] },
        Inside("connection-names-the-content-type", "RFC 9110 §7.6.1", Refused, Http.Whole("Connection: Content-Type")),
        Inside("connection-names-the-length", "RFC 9110 §7.6.1", Refused, Http.Whole("Connection: content-length")),
        Inside("connection-names-the-host", "RFC 9110 §7.6.1", Refused, Http.Whole("Connection: Host")),
        Inside("hop-by-hop-fields-stay-here", "RFC 9110 §7.6.1", "200", Http.Whole("Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic dGVzdA==\r\nTE: trailers\r\nTrailer: X"))
            with { Arrives = [new(Http.ChatLine, Http.Clean, "Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "TE", "Trailer")] },
        new("pipelined-requests-stay-apart", "RFC 9112 §9.3.2", "200, 200", broker => PipelineAsync(broker, Http.Whole() + Http.Whole(), 2)) { Arrives = [.. OneClean, .. OneClean] },
        new("pipelined-secret-behind-a-clean-one", "RFC 9112 §9.3.2", "200, 400", broker => PipelineAsync(broker, Http.Whole() + Http.Hidden, 2)) { Arrives = OneClean },
        new("pipelined-clean-one-behind-a-broken-one", "RFC 9112 §9.3.2", Refused, broker => PipelineAsync(broker, Http.Post("Content-Length: +5", "hello") + Http.Whole(), 2)),
        new("pipelined-bytes-behind-close", "RFC 9112 §9.6", "200, closed", broker => PipelineAsync(broker, Http.Whole("Connection: close") + Http.Whole(), 2)) { Arrives = OneClean },
        new("pipelined-100-requests", "RFC 9112 §9.3.2", string.Join(", ", Enumerable.Repeat("200", 100)), broker => PipelineAsync(broker, string.Concat(Enumerable.Repeat(Http.Whole(), 100)), 100))
        {
            Arrives = [.. Enumerable.Repeat(OneClean[0], 100)],
        },
    ];

    private static Attack Length(string id, string value) => Inside(id, "RFC 9110 §8.6", Refused, Http.Post($"Content-Length: {value}", "hello" + Http.Hidden));

    private static Attack Coding(string id, string value) => Inside(id, "RFC 9112 §6.1", Refused, Http.Post($"Transfer-Encoding: {value}", "0\r\n\r\n" + Http.Hidden));

    private static Attack Chunk(string id, string size) => Inside(id, "RFC 9112 §7.1", Refused, Http.Post("Transfer-Encoding: chunked", $"{size}\r\nhello\r\n0\r\n\r\n"));

    private static async Task<string> PipelineAsync(AttackedBroker broker, string bytes, int answers)
    {
        await using var connection = await RawConnection.ThroughAsync(broker.Guard, "api.openai.com");
        return await TellAsync(connection, bytes, answers);
    }

    /// <summary>Sends and goes away: what is not whole must not be taken for whole.</summary>
    private static async Task<string> LeaveAsync(AttackedBroker broker, string bytes)
    {
        await using var connection = await RawConnection.ThroughAsync(broker.Guard, "api.openai.com");
        await connection.SendAsync(bytes);
        return "gone";
    }
}
