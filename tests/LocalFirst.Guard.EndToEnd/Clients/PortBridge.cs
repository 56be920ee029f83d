using System.Net;
using System.Net.Sockets;
using System.Text;

namespace LocalFirst.Guard.EndToEnd.Clients;

/// <summary>
/// Makes a loopback port of this machine reachable from a network namespace without one: a Unix socket whose every connection is carried
/// to the port. It keeps what clients sent, so that a test can compare what left an agent with what reached the provider.
/// </summary>
internal sealed class PortBridge : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _end = new();
    private readonly List<MemoryStream> _sent = [];
    private readonly Task _accepting;

    public PortBridge(string path, int port)
    {
        Path = path;
        Port = port;
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    public string Path { get; }

    public int Port { get; }

    /// <summary>What clients sent, one string of Latin-1 characters (bytes) a connection.</summary>
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
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = CarryAsync(await _listener.AcceptAsync(_end.Token));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The test is over.
        }
    }

    private async Task CarryAsync(Socket inside)
    {
        using (inside)
        using (var outside = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true })
        {
            var sent = new MemoryStream();
            lock (_sent)
            {
                _sent.Add(sent);
            }

            try
            {
                await outside.ConnectAsync(IPAddress.Loopback, Port, _end.Token);
                await Task.WhenAll(CopyAsync(inside, outside, sent), CopyAsync(outside, inside, null));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                // One side is gone; disposing both tells the other.
            }
        }
    }

    private async Task CopyAsync(Socket from, Socket to, MemoryStream? keep)
    {
        var buffer = new byte[32 * 1024];
        int count;
        while ((count = await from.ReceiveAsync(buffer, _end.Token)) > 0)
        {
            if (keep is not null)
            {
                lock (keep)
                {
                    keep.Write(buffer, 0, count);
                }
            }

            await to.SendAsync(buffer.AsMemory(0, count), _end.Token);
        }

        to.Shutdown(SocketShutdown.Send);
    }
}
