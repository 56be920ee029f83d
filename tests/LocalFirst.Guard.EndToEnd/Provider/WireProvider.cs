using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace LocalFirst.Guard.EndToEnd.Provider;

/// <summary>
/// A provider that reads HTTP/1.1 by the letter and by no library: whatever the broker writes is kept byte for byte, so that no reader's leniency
/// (least of all one that the broker shares) can hide a byte too many. Its reading of a message's length is the narrowest of RFC 9112 §6.
/// </summary>
internal sealed class WireProvider : IAsyncDisposable
{
    private const string UsualAnswer = """{"id":"chatcmpl-wire","object":"chat.completion","created":1,"model":"gpt-5","choices":[{"index":0,"message":{"role":"assistant","content":"From afar."},"finish_reason":"stop"}]}""";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentQueue<WireRequest> _requests = new();
    private readonly ConcurrentQueue<string> _malformed = new();
    private readonly SslServerAuthenticationOptions? _tls;
    private readonly Task _accepting;
    private int _connections;
    private long _bytes;

    private WireProvider(SslServerAuthenticationOptions? tls)
    {
        _tls = tls;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public Uri Address => new($"{(_tls is null ? "http" : "https")}://localhost:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>TCP connections accepted.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Bytes received inside TLS.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Every whole request, oldest first.</summary>
    public IReadOnlyList<WireRequest> Requests => [.. _requests];

    /// <summary>What arrived and was no request by the letter.</summary>
    public IReadOnlyList<string> Malformed => [.. _malformed];

    /// <summary>The whole response in place of the usual one; null leaves the usual one.</summary>
    public Func<WireRequest, string?>? Answer { get; set; }

    public static WireProvider Start(X509Certificate2 certificate, SslProtocols protocols = SslProtocols.Tls12 | SslProtocols.Tls13) => new(new SslServerAuthenticationOptions
    {
        ServerCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true),
        EnabledSslProtocols = protocols,
        ApplicationProtocols = [SslApplicationProtocol.Http11],
    });

    /// <summary>One without TLS, as the origin of what only compares parsers.</summary>
    public static WireProvider StartPlain() => new(null);

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        await _accepting;
        _listener.Dispose();
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_end.Token);
                Interlocked.Increment(ref _connections);
                _ = ServeAsync(client);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or InvalidOperationException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using (client)
            {
                client.NoDelay = true;
                Stream stream = client.GetStream();
                if (_tls is not null)
                {
                    var tls = new SslStream(stream);
                    await tls.AuthenticateAsServerAsync(_tls, _end.Token);
                    stream = tls;
                }

                await using (stream)
                {
                    var input = new Input(stream, n => Interlocked.Add(ref _bytes, n), _end.Token);
                    while (await ReadAsync(input) is { } request)
                    {
                        _requests.Enqueue(request);
                        var answer = Answer?.Invoke(request) ?? $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {UsualAnswer.Length}\r\n\r\n{UsualAnswer}";
                        await stream.WriteAsync(Encoding.Latin1.GetBytes(answer), _end.Token);
                    }
                }
            }
        }
        catch (FormatException e)
        {
            _malformed.Enqueue(e.Message);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or SocketException or AuthenticationException or ObjectDisposedException)
        {
            // The broker went away, or did not like the certificate.
        }
    }

    private static async Task<WireRequest?> ReadAsync(Input input)
    {
        var head = new StringBuilder();
        while (await input.LineAsync() is { } line)
        {
            head.Append(line).Append("\r\n");
            if (line.Length == 0)
            {
                var request = new WireRequest(head.ToString(), []);
                var body = await BodyAsync(input, request);
                return request with { Body = body, WireBytes = input.TakeCount() };
            }
        }

        return head.Length == 0 ? null : throw new FormatException($"a head that breaks off: {head}");
    }

    private static async Task<byte[]> BodyAsync(Input input, WireRequest request)
    {
        var lengths = request.Values("Content-Length");
        var codings = request.Values("Transfer-Encoding");
        switch (lengths.Count, codings.Count)
        {
            case (0, 0):
                return [];
            case (1, 0) when lengths[0].All(char.IsAsciiDigit):
                return await input.ExactlyAsync(int.Parse(lengths[0], CultureInfo.InvariantCulture));
            case (0, 1) when codings[0] == "chunked":
                var body = new MemoryStream();
                while (true)
                {
                    var size = int.Parse(await input.LineAsync() ?? throw new FormatException("a chunk is missing"), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
                    body.Write(await input.ExactlyAsync(size));
                    if (await input.LineAsync() is not "")
                    {
                        throw new FormatException("a chunk has no end, or trailers follow");
                    }

                    if (size == 0)
                    {
                        return body.ToArray();
                    }
                }

            default:
                throw new FormatException($"a request without one clear length: {request.Head}");
        }
    }

    private sealed class Input(Stream stream, Action<int> received, CancellationToken end)
    {
        private readonly byte[] _buffer = new byte[16 * 1024];
        private int _at;
        private int _length;
        private long _count;

        /// <summary>Bytes taken since the last call.</summary>
        public long TakeCount()
        {
            var count = _count;
            _count = 0;
            return count;
        }

        /// <summary>A line without its CRLF; null at the end. Anything but CRLF for a line's end is malformed.</summary>
        public async Task<string?> LineAsync()
        {
            var line = new StringBuilder();
            while (await NextAsync() is { } taken)
            {
                var next = (char)taken;
                if (next == '\r')
                {
                    return await NextAsync() is (byte)'\n' ? line.ToString() : throw new FormatException("a bare CR");
                }

                if (next is '\n' or '\0')
                {
                    throw new FormatException("a bare LF or a NUL");
                }

                line.Append(next);
            }

            return line.Length == 0 ? null : throw new FormatException($"a line that breaks off: {line}");
        }

        public async Task<byte[]> ExactlyAsync(int count)
        {
            var bytes = new byte[count];
            for (var at = 0; at < count; at++)
            {
                bytes[at] = await NextAsync() ?? throw new FormatException($"a body that breaks off after {at} of {count} bytes");
            }

            return bytes;
        }

        private async ValueTask<byte?> NextAsync()
        {
            if (_at == _length)
            {
                _at = 0;
                _length = await stream.ReadAsync(_buffer, end);
                received(_length);
                if (_length == 0)
                {
                    return null;
                }
            }

            _count++;
            return _buffer[_at++];
        }
    }
}

/// <summary>A request as its bytes came.</summary>
/// <param name="Head">Request line and header lines, with their CRLF and the empty line.</param>
/// <param name="Body">The body without transfer coding.</param>
internal sealed record WireRequest(string Head, byte[] Body)
{
    private readonly string[] _lines = Head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Bytes that it took, framing included.</summary>
    public long WireBytes { get; init; }

    public string RequestLine => _lines[0];

    public string BodyText => Encoding.UTF8.GetString(Body);

    public IReadOnlyList<string> Values(string name) =>
    [
        .. _lines.Skip(1)
            .Where(line => line.Split(':')[0].Equals(name, StringComparison.OrdinalIgnoreCase))
            .Select(line => line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()),
    ];
}
