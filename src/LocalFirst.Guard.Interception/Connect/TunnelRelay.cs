using System.IO.Pipelines;
using System.Net.Sockets;
using LocalFirst.Guard.Interception.Upstream;
using LocalFirst.Guard.Protocols;
using Microsoft.AspNetCore.Connections;

namespace LocalFirst.Guard.Interception.Connect;

/// <summary>
/// Relays a connection to a host that is no provider's, untouched. Only the server name of a TLS ClientHello is looked at: a provider's
/// name behind another host or a bare address would be a way around inspection, so such a tunnel is closed before a byte of it leaves.
/// </summary>
internal sealed class TunnelRelay(GuardedDialer dialer, ProviderCatalogue catalogue, IInterceptionEvents events)
{
    private const int CopyBytes = 64 * 1024;

    public async Task RunAsync(ConnectionContext connection, ConnectRequest request)
    {
        Socket socket;
        try
        {
            socket = await dialer.ConnectAsync(request.Host.Name, request.Port, AddressPolicy.ObjectionForTunnel, connection.ConnectionClosed);
        }
        catch (ForbiddenAddressException e)
        {
            events.Refused("tunnel-address", "A tunnel to an address that is not allowed was refused.");
            await ConnectPreamble.RefuseAsync(connection, "403 Forbidden", $"no tunnel to {request.Host.Name}: {e.Message} Reach it directly (NO_PROXY).");
            return;
        }
        catch (SocketException e)
        {
            await ConnectPreamble.RefuseAsync(connection, "502 Bad Gateway", $"{request.Host.Name}:{request.Port} cannot be reached ({e.SocketErrorCode}).");
            return;
        }
        catch (OperationCanceledException)
        {
            connection.Abort();
            return;
        }

        using (socket)
        using (var ended = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed))
        {
            try
            {
                await ConnectPreamble.AcceptAsync(connection, ended.Token);
                var outward = SendAsync(connection, request, socket, ended.Token);
                var inward = ReceiveAsync(socket, connection.Transport.Output, ended.Token);
                if (await Task.WhenAny(outward, inward) is { IsCompletedSuccessfully: false })
                {
                    await ended.CancelAsync();
                }

                await Task.WhenAll(outward, inward);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or IOException or ConnectionResetException)
            {
                connection.Abort();
            }
        }
    }

    private async Task SendAsync(ConnectionContext connection, ConnectRequest request, Socket socket, CancellationToken cancellation)
    {
        var input = connection.Transport.Input;
        var looked = false;
        while (true)
        {
            var read = await input.ReadAsync(cancellation);
            if (!looked)
            {
                var flight = ClientHello.Read(read.Buffer, out var serverName);
                if (flight is FirstFlight.NeedMore && !read.IsCompleted)
                {
                    input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                    continue;
                }

                if (serverName is not null && catalogue.FindByHost(HostName.TryParse(serverName)?.Name ?? serverName) is { } provider)
                {
                    events.Refused("provider-behind-other-host", $"A client asked for {provider.Name} by server name in a tunnel to another host; nothing was forwarded.");
                    throw new IOException($"A tunnel to {request.Host.Name} carried a provider's server name.");
                }

                if (flight is FirstFlight.UnreadableTls)
                {
                    // A server with other limits may read the name that we cannot: a padded or oddly framed hello must not be the way around us.
                    events.Refused("unreadable-client-hello", "A tunnel began with a TLS handshake whose server name cannot be read; nothing was forwarded.");
                    throw new IOException($"A tunnel to {request.Host.Name} began with an unreadable ClientHello.");
                }

                looked = true;
            }

            foreach (var segment in read.Buffer)
            {
                await socket.SendAsync(segment, cancellation);
            }

            input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                socket.Shutdown(SocketShutdown.Send);
                return;
            }
        }
    }

    private static async Task ReceiveAsync(Socket socket, PipeWriter output, CancellationToken cancellation)
    {
        while (true)
        {
            var received = await socket.ReceiveAsync(output.GetMemory(CopyBytes), cancellation);
            if (received == 0)
            {
                // Half-close: the client may still be sending.
                await output.CompleteAsync();
                return;
            }

            output.Advance(received);
            var flushed = await output.FlushAsync(cancellation);
            if (flushed.IsCompleted)
            {
                return;
            }
        }
    }
}
