using System.Security.Authentication;
using LocalFirst.Guard.EndToEnd.Broker;
using static LocalFirst.Guard.EndToEnd.Interception.Attacks.Attack;

namespace LocalFirst.Guard.EndToEnd.Interception.Attacks;

/// <summary>Ways into the port: CONNECT forms, hosts that mean this machine, names that disagree, web pages.</summary>
internal static class Entries
{
    private const string Refused = "400, closed";

    public static IEnumerable<Attack> ConnectForms =>
    [
        Connect("connect-without-port", "RFC 9110 §9.3.6", Refused, "api.openai.com"),
        Connect("connect-port-0", "RFC 9110 §9.3.6", Refused, "api.openai.com:0"),
        Connect("connect-port-99999", "RFC 9110 §9.3.6", Refused, "api.openai.com:99999"),
        Connect("connect-port-with-a-sign", "RFC 3986 §3.2.3", Refused, "api.openai.com:+443"),
        Connect("connect-empty-port", "RFC 9110 §9.3.6", Refused, "api.openai.com:"),
        Connect("connect-empty-host", "RFC 9110 §9.3.6", Refused, ":443"),
        Connect("connect-userinfo", "RFC 9110 §4.2.4", Refused, "user@api.openai.com:443"),
        Connect("connect-with-a-scheme", "RFC 9112 §3.2.3", Refused, "https://api.openai.com:443"),
        Connect("connect-with-a-path", "RFC 9112 §3.2.3", Refused, "api.openai.com:443/v1"),
        Connect("connect-origin-form", "RFC 9112 §3.2.3", Refused, "/v1/models"),
        Connect("connect-asterisk", "RFC 9112 §3.2.4", Refused, "*"),
        Connect("connect-percent-encoded-host", "RFC 3986 §3.2.2", Refused, "api%2eopenai.com:443"),
        Connect("connect-zone-identifier", "RFC 6874", Refused, "[fe80::1%25eth0]:443"),
        Connect("connect-two-hosts", "RFC 9110 §9.3.6", Refused, "api.openai.com:443,evil.example:443"),
        AtPort("connect-two-spaces", "RFC 9112 §3", Refused, "CONNECT  api.openai.com:443 HTTP/1.1\r\n\r\n"),
        AtPort("connect-a-tab-for-a-space", "RFC 9112 §3", Refused, "CONNECT api.openai.com:443\tHTTP/1.1\r\n\r\n"),
        AtPort("connect-lower-case", "RFC 9110 §9.1", "405, closed", "connect api.openai.com:443 HTTP/1.1\r\nHost: api.openai.com:443\r\n\r\n"),
        AtPort("connect-HTTP-0.9", "RFC 9112 §2.3", Refused, "CONNECT api.openai.com:443\r\n\r\n"),
        AtPort("connect-HTTP-2.0-in-text", "RFC 9112 §2.3", Refused, "CONNECT api.openai.com:443 HTTP/2.0\r\n\r\n"),
        AtPort("connect-bare-LF-in-the-head", "RFC 9112 §2.2", Refused, "CONNECT api.openai.com:443 HTTP/1.1\nHost: x\r\n\r\n"),
        AtPort("connect-bare-CR-in-a-field", "RFC 9112 §2.2", Refused, "CONNECT api.openai.com:443 HTTP/1.1\r\nX: a\rHost: b\r\n\r\n"),
        AtPort("connect-obs-fold", "RFC 9112 §5.2", Refused, "CONNECT api.openai.com:443 HTTP/1.1\r\nX: a\r\n b\r\n\r\n"),
        AtPort("connect-NUL-in-the-host", "RFC 9110 §5.5", Refused, "CONNECT api.openai.com\0.evil.example:443 HTTP/1.1\r\n\r\n"),
        AtPort("connect-NUL-in-a-field", "RFC 9110 §5.5", Refused, "CONNECT api.openai.com:443 HTTP/1.1\r\nX: \0\r\n\r\n"),
        AtPort("connect-non-ASCII-host", "RFC 5891 §5", Refused, "CONNECT \u00e4pi.openai.com:443 HTTP/1.1\r\n\r\n"),
        AtPort("connect-head-of-20-KB", "RFC 6585 §5", "431, closed", $"CONNECT api.openai.com:443 HTTP/1.1\r\nX: {new string('a', 20_000)}\r\n\r\n"),
        AtPort("connect-endless-head-of-1-MB", "RFC 6585 §5", "431, closed", $"CONNECT api.openai.com:443 HTTP/1.1\r\nX: {new string('a', 1_000_000)}"),
        new("connect-second-on-a-used-connection", "RFC 9110 §9.3.6", "404, 421", async broker =>
        {
            await using var connection = await RawConnection.OpenAsync(broker.Guard.Proxy);
            var first = $"GET /nobody HTTP/1.1\r\nHost: {broker.Guard.Proxy.Authority}\r\n\r\n";
            return await TellAsync(connection, first + "CONNECT api.openai.com:443 HTTP/1.1\r\nHost: api.openai.com:443\r\n\r\n", 2);
        }),
        AtPort("HTTP-2-preface-without-TLS", "RFC 9113 §3.3", "closed", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0"),
        AtPort("TLS-without-CONNECT", "RFC 9112 §9.7", Refused, "\u0016\u0003\u0001\0\u0005hello"),
        AtPort("SOCKS-5", "RFC 1928", Refused, "\u0005\u0001\0\r\n\r\n"),
        new("CONNECT-inside-the-tunnel", "RFC 9110 §9.3.6", "400", broker => Through(broker, "CONNECT api.openai.com:443 HTTP/1.1\r\nHost: api.openai.com:443\r\n\r\n")),
    ];

    public static IEnumerable<Attack> Hosts =>
    [
        .. new[] { "localhost", "localhost.", "LOCALHOST", "127.0.0.1", "127.1", "127.8.8.8", "0x7f.1", "0177.0.0.1", "2130706433", "0", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]" }
            .SelectMany(host => new[]
            {
                Connect($"tunnel-to-itself-as-{host}", "CWE-918", "403, closed", host + ":{port}"),
                Connect($"tunnel-to-this-machine-as-{host}", "CWE-918", "403, closed", host + ":{provider}"),
            }),
        .. new[] { "169.254.169.254:80", "[fe80::1]:80", "[64:ff9b::a9fe:a9fe]:80", "224.0.0.1:80", "255.255.255.255:80", "[ff02::1]:80" }
            .Select(host => Connect($"tunnel-to-{host}", "CWE-918", "403, closed", host)),
        .. new[] { "1.2.3.4.5:443", "0x7f.0x1.zz.256:443", "256.1.1.1:443", "127.0.0.0x1g:443" }
            .Select(host => Connect($"tunnel-to-{host}", "WHATWG URL §3.5", Refused, host)),
        AtPort("plain-proxy-to-itself", "CWE-918", "403", "GET http://localhost:{port}/openai/v1/models HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"),
        AtPort("plain-proxy-to-this-machine", "CWE-918", "403", "GET http://127.0.0.1:{provider}/ HTTP/1.1\r\nHost: 127.0.0.1:{provider}\r\n\r\n"),
        AtPort("plain-proxy-to-this-machine-as-a-number", "CWE-918", "400, closed", "GET http://2130706433:{provider}/ HTTP/1.1\r\nHost: 2130706433:{provider}\r\n\r\n"),
        AtPort("plain-proxy-to-metadata", "CWE-918", "403", "GET http://169.254.169.254/latest/meta-data/ HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n"),
        AtPort("plain-proxy-userinfo", "RFC 9110 §4.2.4", "400", "GET http://user@example.invalid/ HTTP/1.1\r\nHost: example.invalid\r\n\r\n"),
        AtPort("plain-proxy-to-a-provider", "RFC 9110 §4.2.2", "421", "GET http://api.openai.com/v1/models HTTP/1.1\r\nHost: api.openai.com\r\n\r\n"),
        AtPort("plain-proxy-to-a-provider-with-a-dot", "RFC 9110 §4.2.2", "400, closed", "GET http://API.openai.com./v1/models HTTP/1.1\r\nHost: API.openai.com.\r\n\r\n"),
        AtPort("plain-proxy-https-address", "RFC 9112 §3.2.2", "421", "GET https://api.openai.com/v1/models HTTP/1.1\r\nHost: api.openai.com\r\n\r\n"),
        AtPort("base-URL-escape-to-another-provider", "CWE-22", "400", "POST /openai/../nobody/v1/messages HTTP/1.1\r\nHost: {broker}\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx"),
        BasePath("base-URL-root", "404", "/"),
        BasePath("base-URL-without-provider", "404", "/v1/chat/completions"),
        BasePath("base-URL-without-path", "400", "/openai"),
        BasePath("base-URL-of-nobody", "404", "/no-such-provider/v1/chat/completions"),
        AtPort("base-URL-of-no-provider", "CWE-918", "404", "POST /localhost:{provider}/v1/messages HTTP/1.1\r\nHost: {broker}\r\nContent-Length: 0\r\n\r\n"),
        new("redirect-to-this-machine", "CWE-918", "302", RedirectAsync) { Arrives = [new("GET /v1/models HTTP/1.1", "")] },
    ];

    public static IEnumerable<Attack> Names =>
    [
        new("SNI-of-another-provider", "domain fronting", "no handshake", broker => HandshakeAsync(broker, "api.openai.com", "api.anthropic.com")),
        new("SNI-of-a-stranger", "domain fronting", "no handshake", broker => HandshakeAsync(broker, "api.openai.com", "evil.example")),
        new("SNI-of-a-parent", "domain fronting", "no handshake", broker => HandshakeAsync(broker, "eu.api.openai.com", "api.openai.com")),
        Inside("host-of-another-provider", "domain fronting", "421", Http.Get("/v1/models").Replace("Host: api.openai.com", "Host: api.anthropic.com", StringComparison.Ordinal)),
        Inside("host-of-a-stranger", "domain fronting", "421", Http.Get("/v1/models").Replace("Host: api.openai.com", "Host: evil.example", StringComparison.Ordinal)),
        Inside("host-with-another-port", "RFC 9110 §7.2", "421", Http.Get("/v1/models").Replace("Host: api.openai.com", "Host: api.openai.com:444", StringComparison.Ordinal)),
        Inside("host-with-userinfo", "RFC 9110 §7.2", Refused, Http.Get("/v1/models").Replace("Host: api.openai.com", "Host: api.openai.com@evil.example", StringComparison.Ordinal)),
        Inside("host-list", "RFC 9110 §7.2", Refused, Http.Get("/v1/models").Replace("Host: api.openai.com", "Host: api.openai.com, evil.example", StringComparison.Ordinal)),
        Inside("host-twice", "RFC 9112 §3.2", Refused, Http.Get("/v1/models", "Host: evil.example")),
        Inside("host-empty", "RFC 9112 §3.2", "421", Http.Get("/v1/models").Replace("Host: api.openai.com", "Host:", StringComparison.Ordinal)),
        Inside("host-missing", "RFC 9112 §3.2", Refused, "GET /v1/models HTTP/1.1\r\n\r\n"),
        Inside("absolute-form-of-another-host", "RFC 9112 §3.2.2", Refused, Http.Get("https://evil.example/v1/models")),
        Inside("absolute-form-with-userinfo", "RFC 9110 §4.2.4", Refused, Http.Get("https://api.openai.com@evil.example/v1/models")),
        Inside("absolute-form-with-a-backslash", "WHATWG URL §4.4", Refused, Http.Get("https://evil.example\\@api.openai.com/v1/models")),
        Inside("absolute-form-of-plain-HTTP", "RFC 9110 §4.2.2", "400", Http.Get("http://api.openai.com/v1/models")),
        Inside("asterisk-form", "RFC 9112 §3.2.4", "400", "OPTIONS * HTTP/1.1\r\nHost: api.openai.com\r\n\r\n"),
        Inside("two-slashes-are-a-path-and-no-host", "RFC 3986 §4.2", "200", Http.Get("//evil.example/v1/models")) with { Arrives = [new("GET //evil.example/v1/models HTTP/1.1", "")] },
        Inside("at-sign-in-the-path-is-no-host", "RFC 3986 §3.2", "200", Http.Get("/@evil.example/v1/models")) with { Arrives = [new("GET /@evil.example/v1/models HTTP/1.1", "")] },
        Inside("dot-segments-stay-as-written", "CWE-22", "200", Http.Get("/v1/../..//%2e%2e/models")) with { Arrives = [new("GET /v1/../..//%2e%2e/models HTTP/1.1", "")] },
        new("plain-HTTP-in-the-tunnel", "RFC 9112 §9.7", "closed", async broker =>
        {
            await using var connection = await RawConnection.OpenAsync(broker.Guard.Proxy);
            await connection.ConnectAsync("api.openai.com:443");
            return await TellAsync(connection, Http.Get("/v1/models"));
        }),
        new("plain-HTTP-2-in-the-tunnel", "RFC 9113 §3.3", "closed", async broker =>
        {
            await using var connection = await RawConnection.OpenAsync(broker.Guard.Proxy);
            await connection.ConnectAsync("api.openai.com:443");
            return await TellAsync(connection, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        }),
        new("provider-with-a-trailing-dot-is-read", "RFC 1034 §3.1", "400", broker => UnreadableAsync(broker, "api.openai.com.")),
        new("provider-in-capitals-is-read", "RFC 4343", "400", broker => UnreadableAsync(broker, "API.OpenAI.COM")),
    ];

    public static IEnumerable<Attack> WebPages =>
    [
        FromPage("page-fetch", "Fetch §3.2", "403", "Origin: https://evil.example\r\nSec-Fetch-Site: cross-site"),
        FromPage("page-origin-only", "RFC 6454 §7", "403", "Origin: https://evil.example"),
        FromPage("page-opaque-origin", "RFC 6454 §7", "403", "Origin: null"),
        FromPage("page-of-another-loopback-port", "Fetch Metadata §2.4", "403", "Sec-Fetch-Site: same-site"),
        FromPage("page-image", "Fetch Metadata §2.4", "403", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image"),
        FromPage("page-that-calls-itself-same-origin", "Fetch Metadata §2.4", "403", "Sec-Fetch-Site: same-origin"),
        FromPage("page-that-says-none-twice", "Fetch Metadata §2.4", "403", "Sec-Fetch-Site: none\r\nSec-Fetch-Site: none"),
        AtPort("page-preflight", "Fetch §4.8", "403", "OPTIONS /openai/v1/chat/completions HTTP/1.1\r\nHost: {broker}\r\nOrigin: https://evil.example\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Private-Network: true\r\n\r\n"),
        AtPort("page-WebSocket", "RFC 6455 §10.2", "403", "GET /openai/v1/responses HTTP/1.1\r\nHost: {broker}\r\nOrigin: https://evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"),
        Rebound("rebound-name", "rebound.example:{port}"),
        Rebound("rebound-name-without-port", "rebound.example"),
        Rebound("rebound-name-that-begins-like-loopback", "127.0.0.1.rebound.example:{port}"),
        Rebound("rebound-name-that-begins-with-localhost", "localhost.rebound.example:{port}"),
        Rebound("loopback-with-another-port", "127.0.0.1:1"),
    ];

    private static Attack Connect(string id, string source, string told, string authority) =>
        AtPort(id, source, told, $"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n");

    private static Attack BasePath(string id, string told, string path) =>
        AtPort(id, "RFC 9110 §7.4", told, $"POST {path} HTTP/1.1\r\nHost: {{broker}}\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\nunreadable");

    private static Attack FromPage(string id, string source, string told, string headers) =>
        AtPort(id, source, told, $"POST /openai/v1/chat/completions HTTP/1.1\r\nHost: {{broker}}\r\n{headers}\r\nContent-Type: application/json\r\nContent-Length: {Http.Clean.Length}\r\n\r\n{Http.Clean}");

    private static Attack Rebound(string id, string host) =>
        AtPort(id, "DNS rebinding", "421", $"POST /openai/v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {Http.Clean.Length}\r\n\r\n{Http.Clean}");

    private static async Task<string> Through(AttackedBroker broker, string bytes)
    {
        await using var connection = await RawConnection.ThroughAsync(broker.Guard, "api.openai.com");
        return await TellAsync(connection, bytes);
    }

    private static async Task<string> HandshakeAsync(AttackedBroker broker, string host, string serverName)
    {
        await using var connection = await RawConnection.OpenAsync(broker.Guard.Proxy);
        await connection.ConnectAsync($"{host}:443");
        try
        {
            await connection.SecureAsync(broker.Guard, serverName);
            return "a handshake";
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            return "no handshake";
        }
    }

    /// <summary>What comes through such a spelling is decrypted and read: a body that nobody can read is refused.</summary>
    private static async Task<string> UnreadableAsync(AttackedBroker broker, string host)
    {
        await using var connection = await RawConnection.OpenAsync(broker.Guard.Proxy);
        await connection.ConnectAsync($"{host}:443");
        await connection.SecureAsync(broker.Guard, "api.openai.com");
        return await TellAsync(connection, Http.Post("Content-Length: 10", "unreadable"));
    }

    private static async Task<string> RedirectAsync(AttackedBroker broker)
    {
        broker.Provider.Answer = _ => $"HTTP/1.1 302 Found\r\nLocation: {broker.Guard.Portal}\r\nContent-Length: 0\r\n\r\n";
        try
        {
            return await Through(broker, Http.Get("/v1/models"));
        }
        finally
        {
            broker.Provider.Answer = null;
        }
    }
}
