using LocalFirst.Guard.Protocols;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace LocalFirst.Guard.Interception.Upstream;

/// <summary>
/// Forwards a request as it was decided upon: path and query byte for byte, the same header fields, nothing added; hop-by-hop fields removed
/// (RFC 9110 §7.6.1), which includes those that Connection names.
/// </summary>
/// <param name="baseAddress">Where it goes.</param>
/// <param name="rawTarget">Path and query as the client wrote them.</param>
/// <param name="fields">The header fields, as they were inspected: whatever the context holds by now is not looked at.</param>
internal sealed class ByteTrueTransformer(Uri baseAddress, string rawTarget, IReadOnlyList<HeaderField> fields) : HttpTransformer
{
    /// <summary>
    /// Fields of the connection and not of the message. Expect is ours to answer: the body is whole by now. X-Content-Length is what Kestrel
    /// makes of a Content-Length beside a Transfer-Encoding.
    /// </summary>
    private static readonly HashSet<string> HopByHop = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "Proxy-Authenticate", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Expect", "X-Content-Length",
    };

    public static bool IsHopByHop(string name) => HopByHop.Contains(name);

    public override ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        var named = NamedByConnection(fields);
        foreach (var (name, value) in fields)
        {
            if (!name.Equals("Host", StringComparison.OrdinalIgnoreCase) && !HopByHop.Contains(name) && !named.Contains(name))
            {
                Copy(proxyRequest, name, value);
            }
        }

        // The default transformation would rebuild the address from the decoded path; the client's own bytes are kept instead.
        var address = baseAddress.GetLeftPart(UriPartial.Authority) + baseAddress.AbsolutePath.TrimEnd('/') + rawTarget;
        proxyRequest.RequestUri = new Uri(address, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        proxyRequest.Headers.Host = null;
        return default;
    }

    public override async ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        var copied = await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        if (proxyResponse is not null)
        {
            foreach (var name in proxyResponse.Headers.Connection)
            {
                httpContext.Response.Headers.Remove(name);
            }

            httpContext.Response.Headers.Remove("Alt-Svc");
        }

        return copied;
    }

    internal static HashSet<string> NamedByConnection(IEnumerable<HeaderField> fields)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var field in fields)
        {
            if (field.Name.Equals("Connection", StringComparison.OrdinalIgnoreCase))
            {
                names.UnionWith(field.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
            }
        }

        return names;
    }

    private static void Copy(HttpRequestMessage request, string name, string value)
    {
        if (!request.Headers.TryAddWithoutValidation(name, value))
        {
            request.Content?.Headers.TryAddWithoutValidation(name, value);
        }
    }
}
