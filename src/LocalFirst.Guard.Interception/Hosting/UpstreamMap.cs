using System.Security.Cryptography.X509Certificates;

namespace LocalFirst.Guard.Interception;

/// <summary>
/// Where providers' hosts really are. By default where their name says; an operator may map a host to another base address
/// (<c>upstreams:</c>) and name extra roots to trust there (<c>upstreamTrust:</c>). Nothing else weakens TLS.
/// </summary>
/// <param name="Mapped">Provider host → base address.</param>
/// <param name="ExtraRoots">Extra roots, trusted for mapped hosts only.</param>
public sealed record UpstreamMap(IReadOnlyDictionary<string, Uri> Mapped, X509Certificate2Collection ExtraRoots)
{
    /// <summary>Nothing mapped.</summary>
    public static UpstreamMap None { get; } = new(new Dictionary<string, Uri>(), []);

    /// <summary>The base address of a destination; no trailing slash in its path.</summary>
    /// <param name="host">Provider host.</param>
    /// <param name="port">Port that the client asked for.</param>
    internal Uri BaseAddressOf(string host, int port) =>
        Mapped.TryGetValue(host, out var mapped) ? mapped : new UriBuilder(Uri.UriSchemeHttps, host, port).Uri;

    /// <summary>Whether an operator named exactly this network destination.</summary>
    internal bool Names(string host, int port) =>
        Mapped.Values.Any(u => string.Equals(u.IdnHost, host, StringComparison.OrdinalIgnoreCase) && u.Port == port);
}
