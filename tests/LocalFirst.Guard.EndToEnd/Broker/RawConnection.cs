using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace LocalFirst.Guard.EndToEnd.Broker;

/// <summary>
/// An HTTP/1.1 client without manners: it sends the bytes that a test wrote, also those that no HTTP library would, and reads whatever
/// comes back.
/// </summary>
internal sealed class RawConnection : IAsyncDisposable
{
    private readonly TcpClient _tcp;
    private Stream _stream;

    private RawConnection(TcpClient tcp)
    {
        _tcp = tcp;
        _stream = tcp.GetStream();
    }

    /// <summary>The bytes themselves: inside TLS once there is TLS.</summary>
    public Stream Stream => _stream;

    public static async Task<RawConnection> OpenAsync(Uri broker)
    {
        var tcp = new TcpClient { NoDelay = true };
        await tcp.ConnectAsync(broker.Host, broker.Port, Bounded.Test);
        return new RawConnection(tcp);
    }

    /// <summary>CONNECT, then TLS that trusts the broker's root alone: ready for requests to <paramref name="host"/>.</summary>
    public static async Task<RawConnection> ThroughAsync(GuardProcess guard, string host)
    {
        var connection = await OpenAsync(guard.Proxy);
        var connect = await connection.ConnectAsync($"{host}:443");
        if (connect.Status != 200)
        {
            throw new InvalidOperationException($"CONNECT {host}:443 was answered with {connect}");
        }

        await connection.SecureAsync(guard, host);
        return connection;
    }

    /// <summary>Sends CONNECT; on 200 what follows belongs to the tunnel.</summary>
    public async Task<RawResponse> ConnectAsync(string authority)
    {
        await SendAsync($"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
        return await ReadAsync(isConnect: true);
    }

    /// <summary>The TLS handshake, with <paramref name="serverName"/> as SNI and the name that the certificate must have.</summary>
    /// <exception cref="AuthenticationException">The handshake failed.</exception>
    public async Task SecureAsync(GuardProcess guard, string serverName, SslApplicationProtocol? protocol = null)
    {
        using var root = X509CertificateLoader.LoadCertificateFromFile(guard.RootPem);
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(root);
        var tls = new SslStream(_stream, leaveInnerStreamOpen: false);
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = serverName,
            ApplicationProtocols = [protocol ?? SslApplicationProtocol.Http11],
            CertificateChainPolicy = policy,
        };
        await tls.AuthenticateAsClientAsync(options, Bounded.Test).Within($"the TLS handshake for {serverName}");
        _stream = tls;
    }

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        await _stream.WriteAsync(bytes, Bounded.Test);
        await _stream.FlushAsync(Bounded.Test);
    }

    /// <summary>Sends one request with a body of known length.</summary>
    public async Task<RawResponse> RequestAsync(string method, string target, string host, IEnumerable<string> headers, ReadOnlyMemory<byte> body)
    {
        var head = new StringBuilder($"{method} {target} HTTP/1.1\r\nHost: {host}\r\n");
        foreach (var header in headers)
        {
            head.Append(header).Append("\r\n");
        }

        if (body.Length > 0 || method is "POST" or "PUT")
        {
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n");
        }

        await SendAsync($"{head}\r\n");
        var sending = SendBodyAsync(body);
        var response = await ReadAsync();
        await sending;
        return response;
    }

    /// <summary>Reads one response.</summary>
    public Task<RawResponse> ReadAsync(bool isConnect = false) => ReadUnboundedAsync(isConnect).Within("a whole response");

    /// <summary>Reads until the other side ends the connection, in whatever manner.</summary>
    public async Task EndAsync()
    {
        var rest = new byte[4096];
        try
        {
            while (await _stream.ReadAsync(rest, Bounded.Test).AsTask().Within("the end of the connection") > 0)
            {
            }
        }
        catch (IOException)
        {
            // A reset is an end as well.
        }
    }

    /// <summary>Goes away without a word, as a client does whose user pressed Ctrl-C.</summary>
    public void Reset()
    {
        _tcp.Client.LingerState = new LingerOption(true, 0);
        _tcp.Client.Close();
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _stream.DisposeAsync();
        }
        catch (IOException)
        {
            // The other side was first.
        }

        _tcp.Dispose();
    }

    /// <summary>A broker that refuses a large body may answer and close before it has read all of it.</summary>
    private async Task SendBodyAsync(ReadOnlyMemory<byte> body)
    {
        try
        {
            await _stream.WriteAsync(body, Bounded.Test);
            await _stream.FlushAsync(Bounded.Test);
        }
        catch (IOException)
        {
            // The response tells why.
        }
    }

    private async Task<RawResponse> ReadUnboundedAsync(bool isConnect)
    {
        while (true)
        {
            var status = await ReadLineAsync();
            if (status.Length == 0)
            {
                throw new IOException("The connection ended before a response.");
            }

            if (!status.StartsWith("HTTP/1.", StringComparison.Ordinal))
            {
                throw new IOException("The answer is not HTTP/1.1.");
            }

            var code = int.Parse(status.Split(' ')[1], CultureInfo.InvariantCulture);
            var headers = await ReadHeadersAsync();
            if (code is >= 100 and < 200)
            {
                continue;
            }

            var response = new RawResponse(code, headers, []);
            var hasBody = !(isConnect && code == 200) && code is not (204 or 304);
            return hasBody ? response with { Body = await ReadBodyAsync(response) } : response;
        }
    }

    private async Task<byte[]> ReadBodyAsync(RawResponse head)
    {
        using var body = new MemoryStream();
        if (head.Header("Transfer-Encoding") == "chunked")
        {
            while (true)
            {
                var size = int.Parse((await ReadLineAsync()).Split(';')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                if (size == 0)
                {
                    await ReadHeadersAsync();
                    return body.ToArray();
                }

                await CopyAsync(body, size);
                await ReadLineAsync();
            }
        }

        if (head.Header("Content-Length") is { } length)
        {
            await CopyAsync(body, int.Parse(length, CultureInfo.InvariantCulture));
            return body.ToArray();
        }

        await _stream.CopyToAsync(body, Bounded.Test);
        return body.ToArray();
    }

    private async Task<List<KeyValuePair<string, string>>> ReadHeadersAsync()
    {
        var headers = new List<KeyValuePair<string, string>>();
        while (await ReadLineAsync() is { Length: > 0 } line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            headers.Add(KeyValuePair.Create(line[..colon], line[(colon + 1)..].Trim()));
        }

        return headers;
    }

    private async Task CopyAsync(Stream to, int count)
    {
        var buffer = new byte[count];
        await _stream.ReadExactlyAsync(buffer, Bounded.Test);
        to.Write(buffer);
    }

    private async Task<string> ReadLineAsync()
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (await _stream.ReadAsync(one, Bounded.Test) == 1)
        {
            if (one[0] == '\n')
            {
                return line.ToString().TrimEnd('\r');
            }

            line.Append((char)one[0]);
        }

        return line.ToString();
    }
}
