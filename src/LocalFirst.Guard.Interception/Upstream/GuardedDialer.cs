using System.Net;
using System.Net.Sockets;

namespace LocalFirst.Guard.Interception.Upstream;

/// <summary>
/// The connect seam: resolves a name, holds every address against the policy and opens the socket. Tests replace the two functions to
/// prove a refusal without dialling anything.
/// </summary>
internal sealed class GuardedDialer(
    Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null,
    Func<IPEndPoint, CancellationToken, Task<Socket>>? open = null)
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(5);

    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve = resolve ?? Dns.GetHostAddressesAsync;
    private readonly Func<IPEndPoint, CancellationToken, Task<Socket>> _open = open ?? OpenAsync;

    /// <summary>Opens a connection.</summary>
    /// <param name="host">Name or address.</param>
    /// <param name="port">Port.</param>
    /// <param name="objection">The policy; null when the operator named this very destination.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="ForbiddenAddressException">Every address of the host is forbidden.</exception>
    /// <exception cref="SocketException">No address answered.</exception>
    public async Task<Socket> ConnectAsync(string host, int port, Func<IPAddress, string?>? objection, CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(ConnectTimeout);

        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await _resolve(host, timeout.Token);
        Exception? last = null;
        foreach (var address in addresses)
        {
            if (objection?.Invoke(address) is { } reason)
            {
                last ??= new ForbiddenAddressException(reason);
                continue;
            }

            // An address that swallows packets (broken IPv6 is the usual one) must leave time for the next.
            using var attempt = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token);
            attempt.CancelAfter(AttemptTimeout);
            try
            {
                return await _open(new IPEndPoint(address, port), attempt.Token);
            }
            catch (SocketException e)
            {
                last = e;
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                last = new SocketException((int)SocketError.TimedOut);
                if (timeout.IsCancellationRequested)
                {
                    throw last;
                }
            }
        }

        throw last ?? new SocketException((int)SocketError.HostNotFound);
    }

    private static async Task<Socket> OpenAsync(IPEndPoint end, CancellationToken cancellation)
    {
        var socket = new Socket(end.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(end, cancellation);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
