using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using LocalFirst.Guard.EndToEnd.Provider;

namespace LocalFirst.Guard.EndToEnd.Clients;

/// <summary>
/// Stands between a client and the broker's proxy and keeps what the client wrote inside TLS: it answers the client's CONNECT, ends its TLS with an
/// authority that the test gave the client, opens a tunnel of its own through the broker to the same host, and carries the bytes on as they are.
/// </summary>
internal sealed class PlaintextTap : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly TestAuthority _authority = new();
    private readonly List<MemoryStream> _sent = [];
    private readonly int _broker;
    private readonly X509Certificate2Collection _brokerRoots = [];
    private readonly Task _accepting;

    /// <param name="brokerPort">Port of the broker's proxy.</param>
    /// <param name="brokerRootPem">File of the certificate that the broker's clients trust.</param>
    public PlaintextTap(int brokerPort, string brokerRootPem)
    {
        _broker = brokerPort;
        _brokerRoots.ImportFromPemFile(brokerRootPem);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The root that the client must trust.</summary>
    public string RootPem => _authority.Pem;

    /// <summary>What clients wrote inside TLS, one string of Latin-1 characters (bytes) a connection.</summary>
    public IReadOnlyList<string> Sent
    {
        get
        {
            lock (_sent)
            {
                return [.. _sent.Select(s => { lock (s) { return Encoding.Latin1.GetString(s.ToArray()); } })];
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _authority.Dispose();
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = CarryAsync(await _listener.AcceptTcpClientAsync(_end.Token));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The test is over.
        }
    }

    private async Task CarryAsync(TcpClient client)
    {
        var sent = new MemoryStream();
        lock (_sent)
        {
            _sent.Add(sent);
        }

        try
        {
            using (client)
            using (var broker = new TcpClient { NoDelay = true })
            {
                client.NoDelay = true;
                var inside = client.GetStream();
                var connect = await ReadHeadAsync(inside);
                var host = connect.Split(' ')[1].Split(':')[0];

                await broker.ConnectAsync(IPAddress.Loopback, _broker, _end.Token);
                await broker.GetStream().WriteAsync(Encoding.Latin1.GetBytes(connect), _end.Token);
                var answer = await ReadHeadAsync(broker.GetStream());
                await inside.WriteAsync(Encoding.Latin1.GetBytes(answer), _end.Token);
                if (!answer.StartsWith("HTTP/1.1 200", StringComparison.Ordinal))
                {
                    return;
                }

                await using var plainInside = new SslStream(inside);
                await plainInside.AuthenticateAsServerAsync(
                    new SslServerAuthenticationOptions { ServerCertificate = _authority.Issue(host), ApplicationProtocols = [SslApplicationProtocol.Http11] },
                    _end.Token);
                await using var plainOutside = new SslStream(broker.GetStream());
                await plainOutside.AuthenticateAsClientAsync(
                    new SslClientAuthenticationOptions
                    {
                        TargetHost = host,
                        ApplicationProtocols = [SslApplicationProtocol.Http11],
                        CertificateChainPolicy = Trusting(_brokerRoots),
                    },
                    _end.Token);
                await Task.WhenAny(CopyAsync(plainInside, plainOutside, sent), CopyAsync(plainOutside, plainInside, null));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException)
        {
            // One side is gone; disposing both tells the other.
        }
    }

    private static X509ChainPolicy Trusting(X509Certificate2Collection roots)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(roots);
        return policy;
    }

    // A byte at a time: what follows the head already belongs to TLS.
    private async Task<string> ReadHeadAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            await stream.ReadExactlyAsync(one, _end.Token);
            head.Append((char)one[0]);
        }

        return head.ToString();
    }

    private async Task CopyAsync(Stream from, Stream to, MemoryStream? keep)
    {
        var buffer = new byte[32 * 1024];
        int count;
        while ((count = await from.ReadAsync(buffer, _end.Token)) > 0)
        {
            if (keep is not null)
            {
                lock (keep)
                {
                    keep.Write(buffer, 0, count);
                }
            }

            await to.WriteAsync(buffer.AsMemory(0, count), _end.Token);
        }
    }
}
