using System.Net;
using System.Net.Sockets;

namespace LocalFirst.Guard.LocalModels.Endpoints;

/// <summary>A server that listens where a known program usually does. Only offered: whether it is that program, and local, is not known.</summary>
/// <param name="Program">The program that usually listens there.</param>
/// <param name="Address">Base address for <c>guard model use</c>.</param>
public sealed record ExecutorOffer(string Program, string Address);

/// <summary>
/// Looks for model servers on this machine. A connection is opened and closed and no byte is sent: behind Ollama's port there may be a cloud model,
/// so nothing goes there before a person names it.
/// </summary>
public static class ExecutorOffers
{
    private static readonly (string Program, int Port)[] UsualPorts = [("Ollama", 11434), ("llama-server", 8080), ("LM Studio", 1234)];

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(200);

    /// <summary>Looks on the usual ports of the loopback address.</summary>
    /// <param name="cancellation">Stops looking.</param>
    public static Task<IReadOnlyList<ExecutorOffer>> FindAsync(CancellationToken cancellation) => FindAsync(UsualPorts, cancellation);

    /// <summary>Looks on given ports of the loopback address.</summary>
    /// <param name="ports">Program names and ports.</param>
    /// <param name="cancellation">Stops looking.</param>
    internal static async Task<IReadOnlyList<ExecutorOffer>> FindAsync(IEnumerable<(string Program, int Port)> ports, CancellationToken cancellation)
    {
        var offers = await Task.WhenAll(ports.Select(async place =>
            await IsListeningAsync(place.Port, cancellation) ? new ExecutorOffer(place.Program, $"http://127.0.0.1:{place.Port}") : null));
        return [.. offers.OfType<ExecutorOffer>()];
    }

    private static async Task<bool> IsListeningAsync(int port, CancellationToken cancellation)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port, patience.Token);
            return true;
        }
        catch (Exception e) when (e is SocketException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return false;
        }
    }
}
