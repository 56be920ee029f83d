using System.Net;
using System.Net.Sockets;

namespace LocalFirst.Guard.Interception.Upstream;

/// <summary>
/// The HTTP handler of a proxy: no redirects, cookies, decompression, parent proxy or tracing headers, so that what goes out is what came in.
/// </summary>
internal static class TransparentHandler
{
    /// <summary>Connections are renewed this often, so that a change in DNS is followed.</summary>
    private static readonly TimeSpan ConnectionLifetime = TimeSpan.FromMinutes(5);

    /// <summary>At 200 KB bodies the default window makes HTTP/2 slower than HTTP/1.1 on fast links (measured).</summary>
    private const int StreamWindowBytes = 1024 * 1024;

    /// <summary>Makes a handler.</summary>
    /// <param name="dialer">Opens the connections.</param>
    /// <param name="policyFor">The address policy of a host and port; null when the operator named it.</param>
    public static SocketsHttpHandler Create(GuardedDialer dialer, Func<string, int, Func<IPAddress, string?>?> policyFor) => new()
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        EnableMultipleHttp2Connections = true,
        InitialHttp2StreamWindowSize = StreamWindowBytes,
        PooledConnectionLifetime = ConnectionLifetime,
        ConnectCallback = async (context, cancellation) =>
        {
            var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
            return new NetworkStream(await dialer.ConnectAsync(host, port, policyFor(host, port), cancellation), ownsSocket: true);
        },
    };
}
