using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using LocalFirst.Guard.Protocols;
using Microsoft.AspNetCore.Connections;

namespace LocalFirst.Guard.Interception.Connect;

/// <summary>
/// Looks at the first bytes of a connection. A CONNECT to a catalogued provider goes on to TLS and then to HTTP; a CONNECT to anything else
/// becomes a tunnel; whatever is no CONNECT goes to HTTP as it is (base-URL mode).
/// </summary>
internal sealed class ConnectPreamble(ProviderCatalogue catalogue, TunnelRelay tunnel, PeerCheck peers, IInterceptionEvents events, TimeProvider time)
{
    /// <summary>Kestrel's own limits begin only behind this middleware, so a slow head is bounded here.</summary>
    private static readonly TimeSpan HeadTimeout = TimeSpan.FromSeconds(10);

    public async Task RunAsync(ConnectionContext connection, ConnectionDelegate tls, ConnectionDelegate http)
    {
        if (!peers.Allows(connection))
        {
            events.Refused("peer-of-another-user", "A process of another user connected to the broker's port.");
            connection.Abort();
            return;
        }

        using var timeout = new CancellationTokenSource(HeadTimeout, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, connection.ConnectionClosed);
        ConnectRequest? request;
        try
        {
            var (state, parsed) = await ReadHeadAsync(connection.Transport.Input, ended.Token);
            switch (state)
            {
                case ConnectRequest.ReadState.NotConnect:
                    await http(connection);
                    return;
                case ConnectRequest.ReadState.Whole when parsed is not null:
                    request = parsed;
                    break;
                case ConnectRequest.ReadState.TooLarge:
                    await RefuseAsync(connection, "431 Request Header Fields Too Large", $"A CONNECT head may have {ConnectRequest.MaxHeadBytes} bytes.");
                    return;
                default:
                    await RefuseAsync(connection, "400 Bad Request", "This is not a well-formed CONNECT host:port HTTP/1.1 request.");
                    return;
            }
        }
        catch (OperationCanceledException)
        {
            connection.Abort();
            return;
        }

        if (catalogue.FindByHost(request.Host.Name) is { } provider)
        {
            await InterceptAsync(connection, new ConnectTarget(provider, request.Host.Name, request.Port), tls, ended.Token);
            return;
        }

        await tunnel.RunAsync(connection, request);
    }

    /// <summary>Answers a CONNECT in plain text; nothing of the connection is used after it.</summary>
    public static async Task RefuseAsync(ConnectionContext connection, string status, string text)
    {
        var body = Encoding.ASCII.GetBytes($"LocalFirst.Guard: {text}\n");
        var head = Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n");
        connection.Transport.Output.Write(head);
        connection.Transport.Output.Write(body);
        await connection.Transport.Output.FlushAsync();
        await connection.Transport.Output.CompleteAsync();
    }

    public static async Task AcceptAsync(ConnectionContext connection, CancellationToken cancellation)
    {
        connection.Transport.Output.Write("HTTP/1.1 200 Connection Established\r\n\r\n"u8);
        await connection.Transport.Output.FlushAsync(cancellation);
    }

    private async Task InterceptAsync(ConnectionContext connection, ConnectTarget target, ConnectionDelegate tls, CancellationToken ended)
    {
        const byte tlsHandshake = 0x16;
        try
        {
            await AcceptAsync(connection, ended);
            var read = await connection.Transport.Input.ReadAsync(ended);
            var isTls = read.Buffer.Length > 0 && read.Buffer.FirstSpan[0] == tlsHandshake;
            connection.Transport.Input.AdvanceTo(read.Buffer.Start);
            if (!isTls)
            {
                if (read.Buffer.Length > 0)
                {
                    events.Refused("plain-text-to-provider", $"A client spoke something other than TLS to {target.Host}; nothing was forwarded.");
                }

                connection.Abort();
                return;
            }
        }
        catch (OperationCanceledException)
        {
            connection.Abort();
            return;
        }

        connection.Features.Set(target);
        await tls(connection);
    }

    private static async Task<(ConnectRequest.ReadState State, ConnectRequest? Request)> ReadHeadAsync(PipeReader input, CancellationToken cancellation)
    {
        while (true)
        {
            var read = await input.ReadAsync(cancellation);
            var state = ConnectRequest.TryRead(read.Buffer, out var request, out var consumed);
            switch (state)
            {
                case ConnectRequest.ReadState.Whole:
                    input.AdvanceTo(consumed);
                    return (state, request);
                case ConnectRequest.ReadState.NeedMore when !read.IsCompleted:
                    // A single byte may still become a plain request; everything is left unread.
                    input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                    continue;
                case ConnectRequest.ReadState.NeedMore:
                    input.AdvanceTo(read.Buffer.Start);
                    return (ConnectRequest.ReadState.NotConnect, null);
                default:
                    input.AdvanceTo(read.Buffer.Start);
                    return (state, null);
            }
        }
    }
}
