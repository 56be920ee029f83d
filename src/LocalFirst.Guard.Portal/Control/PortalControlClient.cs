using System.IO.Pipes;
using System.Net.Sockets;
using System.Text.Json;

namespace LocalFirst.Guard.Portal.Control;

/// <summary>Asks the running broker of a home.</summary>
public static class PortalControlClient
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);

    /// <summary>Has a sign-in link minted.</summary>
    /// <param name="runFolder">The home's <c>run</c> folder.</param>
    /// <param name="cancellation">Stops asking.</param>
    /// <exception cref="PortalException">No broker runs with this home, or it does not answer.</exception>
    public static async Task<Uri> MintLinkAsync(string runFolder, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(AnswerLimit);
        try
        {
            await using var stream = await ConnectAsync(runFolder, limit.Token);
            await ControlJson.WriteLineAsync(stream, JsonSerializer.Serialize(new ControlRequest(ControlRequest.PortalLink), ControlJson.Default.ControlRequest), limit.Token);
            var response = await ControlJson.ReadLineAsync(stream, limit.Token) is { } line ? ControlJson.Response(line) : null;
            return Uri.TryCreate(response?.Link, UriKind.Absolute, out var link) && link.Scheme == Uri.UriSchemeHttp
                ? link
                : throw new PortalException($"The broker gave no link. {response?.Error}".TrimEnd(), "Stop it and start it again with this version of guard.");
        }
        catch (Exception e) when (e is SocketException or IOException or TimeoutException or UnauthorizedAccessException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new PortalException($"No broker answers in the home folder {Path.GetDirectoryName(Path.GetFullPath(runFolder))}.", "Start one with 'guard run', or name its home folder with --home DIR.");
        }
    }

    private static async Task<Stream> ConnectAsync(string runFolder, CancellationToken cancellation)
    {
        if (OperatingSystem.IsWindows())
        {
            var pipe = new NamedPipeClientStream(".", ControlAddress.PipeName(runFolder), PipeDirection.InOut, PipeOptions.Asynchronous | PipeOptions.CurrentUserOnly);
            await pipe.ConnectAsync(TimeSpan.FromSeconds(2), cancellation);
            return pipe;
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(ControlAddress.SocketPath(runFolder)), cancellation);

            // Also the other way round: a link from a stranger's socket would lead to a stranger's page.
            if (!PeerUser.IsOurs(socket))
            {
                throw new PortalException("The control socket belongs to another user.", "Name your own home folder with --home DIR.");
            }

            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
