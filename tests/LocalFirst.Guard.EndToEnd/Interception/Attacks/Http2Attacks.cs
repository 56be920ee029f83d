using LocalFirst.Guard.EndToEnd.Samples;

namespace LocalFirst.Guard.EndToEnd.Interception.Attacks;

/// <summary>HTTP/2 by the frame: fields that would be two requests in HTTP/1.1, frames that break the protocol, and floods.</summary>
internal static class Http2Attacks
{
    private const ushort InitialWindowSize = 4;

    /// <summary>RFC 9113 §8.1.1 leaves the choice: a 4xx answer, or the end of the stream or of the connection with an error.</summary>
    private const string Malformed = "refused";
    private const string ProtocolError = "goaway PROTOCOL_ERROR";

    private static readonly (string Name, string Value)[] Chat =
    [
        (":method", "POST"), (":scheme", "https"), (":authority", "api.openai.com"), (":path", "/v1/chat/completions"), ("content-type", "application/json"),
    ];

    private static readonly Arrival[] OneClean = [new(Http.ChatLine, Http.Clean, "X-Trailer", "TE")];

    /// <summary>A hundred times as many in the long tier.</summary>
    private static int Many { get; } = Environment.GetEnvironmentVariable("GUARD_TESTS") == "long" ? 1_000_000 : 10_000;

    public static IEnumerable<Attack> Fields =>
    [
        Post("h2-clean", "RFC 9113", "200", Chat) with { Arrives = OneClean },
        With("h2-CRLF-in-a-value", "GHSA-847f-9342-265h", ("x-a", "b\r\nX-Hidden: c")),
        With("h2-CR-in-a-value", "RFC 9113 §8.2.1", ("x-a", "b\rc")),
        With("h2-LF-in-a-value", "RFC 9113 §8.2.1", ("x-a", "b\nc")),
        With("h2-NUL-in-a-value", "RFC 9113 §8.2.1", ("x-a", "b\0c")),
        With("h2-a-request-in-a-value", "GHSA-847f-9342-265h", ("x-a", "b\r\n\r\n" + Http.Hidden)),
        With("h2-CRLF-in-a-name", "GHSA-847f-9342-265h", ("x-a\r\nx-hidden", "b")),
        With("h2-NUL-in-a-name", "RFC 9113 §8.2.1", ("x\0a", "b")),
        With("h2-capitals-in-a-name", "RFC 9113 §8.2.1", ("X-A", "b")),
        With("h2-space-in-a-name", "RFC 9113 §8.2.1", ("x a", "b")),
        With("h2-colon-in-a-name", "RFC 9113 §8.2.1", ("x:a", "b")),
        With("h2-brackets-in-a-name", "RFC 9110 §5.1", ("x[]", "b")),
        With("h2-empty-name", "RFC 9113 §8.2.1", ("", "b")),
        With("h2-connection", "RFC 9113 §8.2.2", ("connection", "close")),
        With("h2-transfer-encoding", "RFC 9113 §8.2.2, H2.TE", ("transfer-encoding", "chunked")),
        With("h2-keep-alive", "RFC 9113 §8.2.2", ("keep-alive", "timeout=5")),
        With("h2-proxy-connection", "RFC 9113 §8.2.2", ("proxy-connection", "keep-alive")),
        With("h2-upgrade", "RFC 9113 §8.2.2", ("upgrade", "h2c")),
        With("h2-te-gzip", "RFC 9113 §8.2.2", ("te", "gzip")),
        With("h2-te-trailers", "RFC 9113 §8.2.2", "200", ("te", "trailers")) with { Arrives = OneClean },
        With("h2-length-too-long", "RFC 9113 §8.1.1, H2.CL", ("content-length", $"{Http.Clean.Length + 1}")),
        With("h2-length-too-short", "RFC 9113 §8.1.1, H2.CL", ("content-length", "5")),
        With("h2-length-0", "RFC 9113 §8.1.1, H2.CL", ("content-length", "0")),
        With("h2-length-plus", "RFC 9110 §8.6", ("content-length", $"+{Http.Clean.Length}")),
        With("h2-length-twice", "RFC 9110 §8.6", ("content-length", $"{Http.Clean.Length}"), ("content-length", "5")),
        With("h2-host-beside-authority-is-not-looked-at", "RFC 9113 §8.3.1", "200", ("host", "evil.example")) with { Arrives = OneClean },
        With("h2-path-twice", "RFC 9113 §8.3", (":path", "/v1/models")),
        With("h2-pseudo-field-behind-a-field", "RFC 9113 §8.3", (":authority", "api.openai.com")),
        Without("h2-no-method", ":method"),
        Without("h2-no-scheme", ":scheme"),
        Without("h2-no-path", ":path"),
        Without("h2-no-authority", ":authority"),
        Instead("h2-unknown-pseudo-field", "RFC 9113 §8.3", ":method", ":foo", "POST"),
        Instead("h2-status-in-a-request", "RFC 9113 §8.3", ":method", ":status", "200"),
        Instead("h2-CRLF-in-the-path", "GHSA-847f-9342-265h", ":path", ":path", "/v1/models HTTP/1.1\r\nHost: evil.example\r\n\r\nGET /x"),
        Instead("h2-space-in-the-path", "RFC 9113 §8.3.1", ":path", ":path", "/v1/models HTTP/1.1"),
        Instead("h2-tab-in-the-path", "RFC 9113 §8.3.1", ":path", ":path", "/v1/\tmodels"),
        Instead("h2-NUL-in-the-path", "RFC 9113 §8.3.1", ":path", ":path", "/v1/\0models"),
        Instead("h2-fragment-in-the-path", "RFC 9113 §8.3.1", ":path", ":path", "/v1/models#x"),
        Instead("h2-non-ASCII-in-the-path", "RFC 9113 §8.3.1", ":path", ":path", "/v1/\u00e4"),
        Instead("h2-empty-path", "RFC 9113 §8.3.1", ":path", ":path", ""),
        Instead("h2-path-without-a-slash", "RFC 9113 §8.3.1", ":path", ":path", "v1/models"),
        Instead("h2-absolute-address-as-path", "RFC 9113 §8.3.1", ":path", ":path", "https://evil.example/v1/models"),
        Instead("h2-asterisk-as-path", "RFC 9113 §8.3.1", ":path", ":path", "*"),
        Instead("h2-request-line-as-method", "GHSA-847f-9342-265h", ":method", ":method", "POST /v1/x HTTP/1.1\r\nX: "),
        Instead("h2-space-in-the-method", "RFC 9110 §9.1", ":method", ":method", "PO ST"),
        Instead("h2-empty-method", "RFC 9110 §9.1", ":method", ":method", ""),
        Instead("h2-TRACE", "RFC 9110 §9.3.8", ":method", ":method", "TRACE"),
        Instead("h2-plain-scheme", "RFC 9113 §8.3.1", ":scheme", ":scheme", "http"),
        Instead("h2-CRLF-in-the-scheme", "RFC 9113 §8.3.1", ":scheme", ":scheme", "https://x\r\nx"),
        Instead("h2-authority-with-userinfo", "RFC 9113 §8.3.1", ":authority", ":authority", "api.openai.com@evil.example"),
        Instead("h2-CRLF-in-the-authority", "GHSA-847f-9342-265h", ":authority", ":authority", "api.openai.com\r\nX-Hidden: 1"),
        Instead("h2-authority-with-another-port", "RFC 9113 §8.3.1", ":authority", ":authority", "api.openai.com:444"),
        Instead("h2-authority-of-another-provider", "RFC 9113 §9.1.1", ":authority", ":authority", "api.anthropic.com"),
        Case("h2-CONNECT", "RFC 9113 §8.5", Malformed, async wire =>
        {
            await wire.HeadersAsync(1, [(":method", "CONNECT"), (":authority", "api.openai.com:443")], end: false);
            return Choice(await wire.ToldAsync(1));
        }),
        Case("h2-a-later-stream-to-another-provider-is-misdirected", "RFC 9113 §9.1.1, coalescing", "200, 421", async wire =>
        {
            await AskAsync(wire, 1, Chat);
            var first = await wire.ToldAsync(1);
            await AskAsync(wire, 3, Replace(Chat, ":authority", ":authority", "api.anthropic.com"));
            return $"{first}, {await wire.ToldAsync(3)}";
        }) with { Arrives = OneClean },
        Case("h2-trailers-stay-here", "RFC 9113 §8.1", "200", async wire =>
        {
            await wire.HeadersAsync(1, Chat, end: false);
            await wire.BodyAsync(1, Http.Clean, end: false);
            await wire.HeadersAsync(1, [("x-trailer", Some.GitHubToken())], end: true);
            return await wire.ToldAsync(1);
        }) with { Arrives = OneClean },
        Case("h2-pseudo-field-in-trailers", "RFC 9113 §8.1", ProtocolError, async wire =>
        {
            await wire.HeadersAsync(1, Chat, end: false);
            await wire.BodyAsync(1, Http.Clean, end: false);
            await wire.HeadersAsync(1, [(":path", "/v1/models")], end: true);
            return await wire.ToldAsync(1);
        }),
        Case("h2-trailers-that-do-not-end-the-stream", "RFC 9113 §8.1", ProtocolError, async wire =>
        {
            await wire.HeadersAsync(1, Chat, end: false);
            await wire.BodyAsync(1, Http.Clean, end: false);
            await wire.HeadersAsync(1, [("x-trailer", "1")], end: false);
            return await wire.ToldAsync(1);
        }),
        Case("h2-head-of-70-KB", "RFC 6585 §5", "goaway COMPRESSION_ERROR", async wire =>
        {
            var block = Http2Wire.Fields([.. Chat, ("x-a", new string('a', 70_000))]);
            await wire.FrameAsync(Frame.Headers, 0, 1, block.AsSpan(0, 16_000));
            for (var at = 16_000; at < block.Length; at += 16_000)
            {
                var last = at + 16_000 >= block.Length;
                await wire.FrameAsync(Frame.Continuation, last ? Http2Wire.EndHeaders : (byte)0, 1, block.AsSpan(at, last ? block.Length - at : 16_000));
            }

            return await wire.ToldAsync(1);
        }),
        With("h2-head-of-200-fields", "RFC 6585 §5", [.. Enumerable.Range(0, 200).Select(i => ($"x-{i}", "1"))]),
    ];

    public static IEnumerable<Attack> Frames =>
    [
        Sent("h2-DATA-on-stream-0", "RFC 9113 §6.1", ProtocolError, Frame.Data, 0, 0, "hello"u8),
        Sent("h2-DATA-on-an-idle-stream", "RFC 9113 §5.1", ProtocolError, Frame.Data, 0, 1, "hello"u8),
        Sent("h2-HEADERS-on-stream-0", "RFC 9113 §6.2", ProtocolError, Frame.Headers, Http2Wire.EndHeaders, 0, Http2Wire.Fields(Chat)),
        Sent("h2-HEADERS-on-an-even-stream", "RFC 9113 §5.1.1", ProtocolError, Frame.Headers, Http2Wire.EndHeaders, 2, Http2Wire.Fields(Chat)),
        Sent("h2-padding-longer-than-the-frame", "RFC 9113 §6.2", ProtocolError, Frame.Headers, Http2Wire.EndHeaders | Http2Wire.Padded, 1, [200, .. Http2Wire.Fields(Chat)[..20]]),
        Sent("h2-frame-over-16-KB", "RFC 9113 §4.2", "goaway FRAME_SIZE_ERROR", Frame.Headers, Http2Wire.EndHeaders, 1, new byte[16_385]),
        Sent("h2-PUSH_PROMISE-of-a-client", "RFC 9113 §8.4", ProtocolError, Frame.PushPromise, Http2Wire.EndHeaders, 1, [0, 0, 0, 2]),
        Sent("h2-CONTINUATION-without-HEADERS", "RFC 9113 §6.10", ProtocolError, Frame.Continuation, Http2Wire.EndHeaders, 1, Http2Wire.Fields(Chat)),
        Sent("h2-RST_STREAM-on-an-idle-stream", "RFC 9113 §6.4", ProtocolError, Frame.RstStream, 0, 1, Http2Wire.Number(8)),
        Sent("h2-RST_STREAM-of-3-bytes", "RFC 9113 §6.4", "goaway FRAME_SIZE_ERROR", Frame.RstStream, 0, 1, new byte[3]),
        Sent("h2-PRIORITY-on-itself", "RFC 9113 §5.3", ProtocolError, Frame.Priority, 0, 1, [0, 0, 0, 1, 0]),
        Sent("h2-SETTINGS-on-a-stream", "RFC 9113 §6.5", ProtocolError, Frame.Settings, 0, 1, new byte[6]),
        Sent("h2-SETTINGS-of-5-bytes", "RFC 9113 §6.5", "goaway FRAME_SIZE_ERROR", Frame.Settings, 0, 0, new byte[5]),
        Sent("h2-SETTINGS-ack-with-content", "RFC 9113 §6.5", "goaway FRAME_SIZE_ERROR", Frame.Settings, Http2Wire.Ack, 0, new byte[6]),
        Sent("h2-window-over-31-bits-in-SETTINGS", "RFC 9113 §6.5.2", "goaway FLOW_CONTROL_ERROR", Frame.Settings, 0, 0, [0, 4, 0x80, 0, 0, 0]),
        Sent("h2-frame-size-1-in-SETTINGS", "RFC 9113 §6.5.2", ProtocolError, Frame.Settings, 0, 0, [0, 5, 0, 0, 0, 1]),
        Sent("h2-PING-of-7-bytes", "RFC 9113 §6.7", "goaway FRAME_SIZE_ERROR", Frame.Ping, 0, 0, new byte[7]),
        Sent("h2-PING-on-a-stream", "RFC 9113 §6.7", ProtocolError, Frame.Ping, 0, 1, new byte[8]),
        Sent("h2-GOAWAY-on-a-stream", "RFC 9113 §6.8", ProtocolError, Frame.GoAway, 0, 1, new byte[8]),
        Sent("h2-WINDOW_UPDATE-of-0", "RFC 9113 §6.9", ProtocolError, Frame.WindowUpdate, 0, 0, Http2Wire.Number(0)),
        Sent("h2-WINDOW_UPDATE-over-31-bits", "RFC 9113 §6.9.1", "goaway FLOW_CONTROL_ERROR", Frame.WindowUpdate, 0, 0, Http2Wire.Number(0x7fffffff)),
        Sent("h2-HPACK-index-0", "RFC 7541 §6.1", "goaway INTERNAL_ERROR", Frame.Headers, Http2Wire.EndHeaders, 1, [0x80]),
        Sent("h2-HPACK-index-beyond-the-table", "RFC 7541 §2.3.3", "goaway COMPRESSION_ERROR", Frame.Headers, Http2Wire.EndHeaders, 1, [0xff, 0x20]),
        Sent("h2-HPACK-integer-over-32-bits", "RFC 7541 §5.1", "goaway COMPRESSION_ERROR", Frame.Headers, Http2Wire.EndHeaders, 1, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
        Sent("h2-HPACK-table-over-its-size", "RFC 7541 §6.3", "goaway COMPRESSION_ERROR", Frame.Headers, Http2Wire.EndHeaders, 1, [0x3f, 0xe1, 0xff, 0xff, 0x03]),
        Sent("h2-HPACK-string-beyond-the-block", "RFC 7541 §5.2", "goaway COMPRESSION_ERROR", Frame.Headers, Http2Wire.EndHeaders, 1, [0x00, 0x05, 0x61]),
        Sent("h2-HPACK-Huffman-with-EOS", "RFC 7541 §5.2", "goaway COMPRESSION_ERROR", Frame.Headers, Http2Wire.EndHeaders, 1, [0x00, 0x84, 0xff, 0xff, 0xff, 0xff, 0x00]),
        Case("h2-frame-between-HEADERS-and-CONTINUATION", "RFC 9113 §6.10", ProtocolError, async wire =>
        {
            await wire.FrameAsync(Frame.Headers, 0, 1, Http2Wire.Fields(Chat));
            await wire.FrameAsync(Frame.Ping, 0, 0, new byte[8]);
            return await wire.ToldAsync(1);
        }),
        Case("h2-stream-number-that-goes-back", "RFC 9113 §5.1.1", "goaway STREAM_CLOSED", async wire =>
        {
            await AskAsync(wire, 3, Chat);
            await wire.ToldAsync(3);
            await wire.HeadersAsync(1, Chat, end: false);
            return await wire.ToldAsync(1);
        }) with { Arrives = OneClean },
        Case("h2-DATA-behind-the-end-of-a-stream", "RFC 9113 §5.1", "goaway STREAM_CLOSED", async wire =>
        {
            await AskAsync(wire, 1, Chat);
            await wire.ToldAsync(1);
            await wire.BodyAsync(1, Http.SecretBody);
            return await wire.ToldAsync(1);
        }) with { Arrives = OneClean },
        Case("h2-unknown-frame-is-passed-over", "RFC 9113 §4.1", "200", async wire =>
        {
            await wire.FrameAsync((Frame)0xee, 0xff, 1, new byte[100]);
            await AskAsync(wire, 1, Chat);
            return await wire.ToldAsync(1);
        }) with { Arrives = OneClean },
        new("h2-wrong-preface", "RFC 9113 §3.4", "goaway PROTOCOL_ERROR", async broker =>
        {
            await using var wire = await Http2Wire.OpenBareAsync(broker);
            await wire.BytesAsync("PRI * HTTP/2.1\r\n\r\nSM\r\n\r\n"u8.ToArray());
            return await wire.ToldAsync(1);
        }),
        new("h2-HTTP-1.1-over-ALPN-h2", "RFC 9113 §3.4", "goaway PROTOCOL_ERROR", async broker =>
        {
            await using var wire = await Http2Wire.OpenBareAsync(broker);
            await wire.BytesAsync(System.Text.Encoding.ASCII.GetBytes(Http.Whole()));
            return await wire.ToldAsync(1);
        }),
    ];

    public static IEnumerable<Attack> Floods =>
    [
        Case("h2-rapid-reset", "CVE-2023-44487", "borne or ended", async wire =>
        {
            for (var (stream, at) = (1, 0); at < Many / 10; stream += 2, at++)
            {
                await wire.HeadersAsync(stream, Chat, end: false);
                await wire.FrameAsync(Frame.RstStream, 0, stream, Http2Wire.Number((uint)H2Error.CANCEL));
            }

            return "borne or ended";
        }),
        Case("h2-made-you-reset", "CVE-2025-8671", "borne or ended", async wire =>
        {
            for (var (stream, at) = (1, 0); at < Many / 10; stream += 2, at++)
            {
                await wire.HeadersAsync(stream, Chat, end: false);
                await wire.FrameAsync(Frame.WindowUpdate, 0, stream, Http2Wire.Number(0));
            }

            return "borne or ended";
        }),
        Flood("h2-SETTINGS-flood", "CVE-2019-9515", Http2Wire.Encode(Frame.Settings, 0, 0, [0, 3, 0, 0, 0, 100])),
        Flood("h2-PING-flood", "CVE-2019-9512", Http2Wire.Encode(Frame.Ping, 0, 0, new byte[8])),
        Flood("h2-PRIORITY-flood", "CVE-2019-9513", Http2Wire.Encode(Frame.Priority, 0, 1, [0, 0, 0, 3, 1])),
        Flood("h2-WINDOW_UPDATE-flood", "CVE-2019-9511", Http2Wire.Encode(Frame.WindowUpdate, 0, 0, Http2Wire.Number(1))),
        Flood("h2-unknown-frame-flood", "RFC 9113 §10.5", Http2Wire.Encode((Frame)0xee, 0, 0, new byte[8])),
        Case("h2-empty-DATA-flood", "CVE-2019-9518", "borne or ended", async wire =>
        {
            await wire.HeadersAsync(1, Chat, end: false);
            await wire.FloodAsync(Http2Wire.Encode(Frame.Data, 0, 1, []), Many);
            return "borne or ended";
        }),
        Case("h2-DATA-of-one-byte", "RFC 9113 §10.5", "borne or ended", async wire =>
        {
            await wire.HeadersAsync(1, Chat, end: false);
            await wire.FloodAsync(Http2Wire.Encode(Frame.Data, 0, 1, " "u8), Many);
            return "borne or ended";
        }),
        Case("h2-CONTINUATION-flood", "CVE-2024-27316", ProtocolError, async wire =>
        {
            await wire.FrameAsync(Frame.Headers, 0, 1, Http2Wire.Fields(Chat));
            await wire.FloodAsync(Http2Wire.Encode(Frame.Continuation, 0, 1, Http2Wire.Fields([("x-a", new string('a', 4_000))])), Many / 10);
            return await wire.ToldAsync(1);
        }),
        Case("h2-empty-CONTINUATION-flood", "CVE-2019-9518", "borne or ended", async wire =>
        {
            await wire.FrameAsync(Frame.Headers, 0, 1, Http2Wire.Fields(Chat));
            await wire.FloodAsync(Http2Wire.Encode(Frame.Continuation, 0, 1, []), Many);
            return "borne or ended";
        }),
        Case("h2-HPACK-bomb", "CVE-2016-6581", ProtocolError, async wire =>
        {
            // One entry of nearly the whole table, then named 4,000 times: 16 MB of fields in 8 KB.
            byte[] entry = [0x40, 1, (byte)'x', 0x7f, 0xa1, 0x1e, .. new byte[4_000].Select(_ => (byte)'a')];
            await wire.FrameAsync(Frame.Headers, Http2Wire.EndHeaders | Http2Wire.EndStream, 1, [.. Http2Wire.Fields(Chat), .. entry, .. Enumerable.Repeat((byte)0xbe, 4_000)]);
            return await wire.ToldAsync(1);
        }),
        Case("h2-more-streams-than-allowed", "RFC 9113 §5.1.2", "reset REFUSED_STREAM", async wire =>
        {
            for (var stream = 1; stream < 2 * 101; stream += 2)
            {
                await wire.HeadersAsync(stream, Chat, end: false);
            }

            return await wire.ToldAsync(201);
        }),
        new("h2-window-of-0-holds-the-answer-and-nobody-else", "CVE-2019-9517", "200, then the whole answer", async broker =>
        {
            await using var wire = await Http2Wire.OpenAsync(broker, (InitialWindowSize, 0));
            await AskAsync(wire, 1, Chat);
            var status = await wire.HeadAsync(1);

            // While this one is held, others are served.
            await broker.ServeCleanRequestAsync();
            await wire.FrameAsync(Frame.WindowUpdate, 0, 1, Http2Wire.Number(1_000_000));
            await wire.ToldAsync(1);
            return wire.BodyBytes > 100 ? $"{status}, then the whole answer" : $"{status}, then {wire.BodyBytes} bytes";
        })
        {
            Arrives = OneClean,
        },
    ];

    private static Attack Case(string id, string source, string told, Func<Http2Wire, Task<string>> run) => new(id, source, told, async broker =>
    {
        await using var wire = await Http2Wire.OpenAsync(broker);
        return await run(wire);
    });

    private static Attack Sent(string id, string source, string told, Frame type, int flags, int stream, ReadOnlySpan<byte> payload)
    {
        var frame = Http2Wire.Encode(type, (byte)flags, stream, payload);
        return Case(id, source, told, async wire =>
        {
            await wire.BytesAsync(frame);
            return await wire.ToldAsync(stream);
        });
    }

    private static Attack Flood(string id, string source, byte[] frame) => Case(id, source, "borne or ended", async wire =>
    {
        await wire.FloodAsync(frame, Many);
        return "borne or ended";
    });

    private static Attack Post(string id, string source, string told, IEnumerable<(string Name, string Value)> fields) => Case(id, source, told, async wire =>
    {
        await AskAsync(wire, 1, fields);
        return Choice(await wire.ToldAsync(1));
    });

    private static string Choice(string told) => told.StartsWith('4') || told.StartsWith("reset", StringComparison.Ordinal) || told.StartsWith("goaway", StringComparison.Ordinal) ? Malformed : told;

    private static Attack With(string id, string source, params (string Name, string Value)[] more) => With(id, source, Malformed, more);

    private static Attack With(string id, string source, string told, params (string Name, string Value)[] more) => Post(id, source, told, Chat.Concat(more));

    private static Attack Without(string id, string name) => Post(id, "RFC 9113 §8.3.1", Malformed, Chat.Where(f => f.Name != name));

    private static Attack Instead(string id, string source, string name, string newName, string value) =>
        Post(id, source, Malformed, Replace(Chat, name, newName, value));

    private static IEnumerable<(string Name, string Value)> Replace(IEnumerable<(string Name, string Value)> fields, string name, string newName, string value) =>
        fields.Select(f => f.Name == name ? (newName, value) : f);

    private static async Task AskAsync(Http2Wire wire, int stream, IEnumerable<(string Name, string Value)> fields)
    {
        await wire.HeadersAsync(stream, fields, end: false);
        await wire.BodyAsync(stream, Http.Clean);
    }
}
