using System.IO.Pipes;
using System.Net.Sockets;
using System.Text.Json;

namespace LocalFirst.Guard.Portal.Control;

/// <summary>
/// Lets <c>guard portal</c>, another process of the same user, have a sign-in link minted. The guarded agent runs as that user too and could ask:
/// what keeps it out is only that <c>guard portal</c> prints to a terminal and the link is good once, for a minute, in a browser. SECURITY.md says
/// so; a broker under its own account (<c>guard setup --system</c>) is the real barrier.
/// </summary>
public sealed class PortalControlServer : IAsyncDisposable
{
    /// <summary>How long one caller may take; nobody honest needs a tenth of it.</summary>
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stop = new();
    private readonly Func<Uri> _mintLink;
    private Task _serving = Task.CompletedTask;
    private Socket? _socket;
    private string? _socketPath;

    private PortalControlServer(Func<Uri> mintLink) => _mintLink = mintLink;

    /// <summary>Begins to answer.</summary>
    /// <param name="runFolder">The home's <c>run</c> folder; made, readable by its owner alone, if it is missing.</param>
    /// <param name="mintLink">Mints a link: <see cref="PortalApp.MintLink"/>.</param>
    /// <exception cref="PortalException">Another broker answers there, or the socket cannot be made.</exception>
    public static async Task<PortalControlServer> StartAsync(string runFolder, Func<Uri> mintLink)
    {
        var server = new PortalControlServer(mintLink);
        if (OperatingSystem.IsWindows())
        {
            server._serving = server.ServePipeAsync(ControlAddress.PipeName(runFolder));
            return server;
        }

        var path = ControlAddress.SocketPath(runFolder);
        try
        {
            Directory.CreateDirectory(runFolder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            await RemoveLeftover(path);
            server._socket = Listen(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SocketException)
        {
            throw new PortalException($"The control socket {path} cannot be made ({e.GetType().Name}).", "Check that you may write to the home folder, and that no other broker runs with it.");
        }

        server._socketPath = path;
        server._serving = server.ServeSocketAsync(server._socket);
        return server;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _socket?.Dispose();
        await _serving;
        if (_socketPath is not null)
        {
            File.Delete(_socketPath);
        }

        _stop.Dispose();
    }

    // A socket file outlives a broker that was killed. One that still answers belongs to a living broker and is left alone.
    private static async Task RemoveLeftover(string path)
    {
        if (!File.Exists(path))
        {
            return;
        }

        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await probe.ConnectAsync(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException)
        {
            File.Delete(path);
            return;
        }

        throw new PortalException("A broker already runs with this home folder.", "Stop it first, or start this one with another --home DIR.");
    }

    private static Socket Listen(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            // Nobody else reaches the file before its mode is set: the folder is its owner's alone, and every caller's uid is checked.
            socket.Bind(new UnixDomainSocketEndPoint(path));
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            }

            socket.Listen(8);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task ServeSocketAsync(Socket listener)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                using var caller = await listener.AcceptAsync(_stop.Token);
                if (PeerUser.IsOurs(caller))
                {
                    await using var stream = new NetworkStream(caller);
                    await AnswerAsync(stream);
                }
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // A caller that went away, or the end.
            }
        }
    }

    private async Task ServePipeAsync(string name)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await using var pipe = new NamedPipeServerStream(name, PipeDirection.InOut, 1, PipeTransmissionMode.Byte, PipeOptions.Asynchronous | PipeOptions.CurrentUserOnly);
                await pipe.WaitForConnectionAsync(_stop.Token);
                await AnswerAsync(pipe);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or OperationCanceledException)
            {
                // A caller that went away, or the end; a pipe name that somebody else holds is tried again, slowly.
                await Task.WhenAny(Task.Delay(TimeSpan.FromMilliseconds(200), _stop.Token));
            }
        }
    }

    private async Task AnswerAsync(Stream stream)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        limit.CancelAfter(CallLimit);
        var line = await ControlJson.ReadLineAsync(stream, limit.Token);
        var response = line is not null && ControlJson.Request(line)?.Op == ControlRequest.PortalLink
            ? new ControlResponse(_mintLink().AbsoluteUri, null)
            : new ControlResponse(null, "This broker does not know what was asked; the two are probably of different versions.");
        await ControlJson.WriteLineAsync(stream, JsonSerializer.Serialize(response, ControlJson.Default.ControlResponse), limit.Token);
    }
}
