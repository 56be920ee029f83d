using System.Collections.Concurrent;
using System.Net.Security;

namespace LocalFirst.Guard.Interception.Certificates;

/// <summary>
/// One certificate context a host, made at the first connection to it (about 2 ms) and kept: building a context costs as much as signing, and
/// TLS resumption hangs on it. Only catalogued hosts get here, so the number of entries is bounded by the catalogue.
/// </summary>
internal sealed class LeafCertificates(CertificateAuthority authority)
{
    /// <summary>A leaf is replaced this long before it ends, so that no connection outlives it by surprise.</summary>
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(1);

    private readonly ConcurrentDictionary<string, Lazy<Entry>> _byHost = new(StringComparer.Ordinal);

    public bool Cover(string host) => authority.Covers(host);

    public SslStreamCertificateContext ContextFor(string host)
    {
        var lazy = Entered(host);
        if (lazy.Value.RenewAt <= authority.Now)
        {
            Forget(host, lazy);
            lazy = Entered(host);
        }

        return lazy.Value.Context;
    }

    private Lazy<Entry> Entered(string host)
    {
        var lazy = _byHost.GetOrAdd(host, name => new Lazy<Entry>(() => Issue(name)));
        try
        {
            _ = lazy.Value;
            return lazy;
        }
        catch
        {
            // A Lazy keeps its exception: without this, one failure (a clock that jumped) would close the host until a restart.
            Forget(host, lazy);
            throw;
        }
    }

    private void Forget(string host, Lazy<Entry> lazy) => _byHost.TryRemove(new KeyValuePair<string, Lazy<Entry>>(host, lazy));

    private Entry Issue(string host)
    {
        var leaf = authority.IssueLeaf(host);
        var ends = new DateTimeOffset(leaf.NotAfter.ToUniversalTime());
        return new Entry(SslStreamCertificateContext.Create(leaf, authority.Chain, offline: true), ends - RenewBefore > authority.Now ? ends - RenewBefore : ends);
    }

    private sealed record Entry(SslStreamCertificateContext Context, DateTimeOffset RenewAt);
}
