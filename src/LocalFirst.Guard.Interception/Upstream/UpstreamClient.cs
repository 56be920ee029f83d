using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using LocalFirst.Guard.Interception.Certificates;

namespace LocalFirst.Guard.Interception.Upstream;

/// <summary>
/// The HTTP client towards providers. Every connection passes the address policy, except to the very destinations that an operator named.
/// </summary>
internal sealed class UpstreamClient : IDisposable
{
    private readonly HttpMessageInvoker _invoker;

    public UpstreamClient(UpstreamMap map, GuardedDialer dialer)
    {
        var handler = TransparentHandler.Create(dialer, (host, port) => map.Names(host, port) ? null : AddressPolicy.ObjectionForProvider);
        handler.SslOptions = new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = (sender, certificate, received, errors) =>
                certificate is X509Certificate2 leaf
                && CertificateRules.Objection(leaf, received) is null
                && (errors == SslPolicyErrors.None || (map.ExtraRoots.Count > 0 && sender is SslStream stream && IsTrustedByOperator(map, stream, certificate, received, errors))),
        };
        _invoker = new HttpMessageInvoker(handler, disposeHandler: true);
    }

    public HttpMessageInvoker Invoker => _invoker;

    public void Dispose() => _invoker.Dispose();

    /// <summary>The operator's roots count for the hosts that the operator mapped, and they replace nothing but the missing root: name and dates must hold.</summary>
    private static bool IsTrustedByOperator(UpstreamMap map, SslStream stream, X509Certificate? certificate, X509Chain? received, SslPolicyErrors errors)
    {
        if (errors != SslPolicyErrors.RemoteCertificateChainErrors
            || certificate is not X509Certificate2 leaf
            || !map.Mapped.Values.Any(u => string.Equals(u.IdnHost, stream.TargetHostName, StringComparison.OrdinalIgnoreCase)))
        {
            return false;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(map.ExtraRoots);
        chain.ChainPolicy.ExtraStore.AddRange(received?.ChainPolicy.ExtraStore ?? []);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(CertificateAuthority.ServerAuthentication));
        return chain.Build(leaf);
    }
}
