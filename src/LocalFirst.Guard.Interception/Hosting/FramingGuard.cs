using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace LocalFirst.Guard.Interception;

/// <summary>
/// Refuses requests whose length or meaning two readers could read differently (RFC 9112 §6.3, request smuggling). Every request is framed anew towards the
/// provider, so none of these would get through as it is; but a client that sends one is not to be trusted with an answer either.
/// </summary>
internal static class FramingGuard
{
    /// <summary>RFC 9110 §5.6.2.</summary>
    private static readonly SearchValues<char> Token = SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>RFC 9112 §3.2: a target has no white space, control characters or fragment.</summary>
    private static readonly SearchValues<char> InTarget = SearchValues.Create(Enumerable.Range('!', '~' - '!' + 1).Select(c => (char)c).Where(c => c != '#').ToArray());

    /// <summary>RFC 9113 §8.2.2: malformed in HTTP/2, where Kestrel refuses Connection itself and no other.</summary>
    private static readonly string[] OfConnection = ["Transfer-Encoding", "Keep-Alive", "Proxy-Connection", "Upgrade"];

    public static string? Objection(HttpContext context)
    {
        var headers = context.Request.Headers;
        if (context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.AsSpan().ContainsAnyExcept(InTarget))
        {
            return "the request target has a character that none may have.";
        }

        foreach (var name in headers.Keys)
        {
            // Kestrel takes such names, and the HTTP client towards the provider drops them in silence: inspected with them, sent without.
            if (name.AsSpan().ContainsAnyExcept(Token) && !name.StartsWith(':'))
            {
                return "a header field has a name that is no token.";
            }
        }

        if (headers.ContainsKey("X-Content-Length"))
        {
            // Kestrel renames a Content-Length that came beside a Transfer-Encoding.
            return "a request has either Content-Length or Transfer-Encoding.";
        }

        if (HttpProtocol.IsHttp2(context.Request.Protocol) && OfConnection.Any(headers.ContainsKey))
        {
            return "HTTP/2 has no fields about the connection.";
        }

        var transfer = headers.TransferEncoding;
        if (transfer.Count > 1 || (transfer.Count == 1 && !string.Equals(transfer[0], "chunked", StringComparison.OrdinalIgnoreCase)))
        {
            return "the only transfer coding taken is a single chunked.";
        }

        // RFC 9112 §6.1: HTTP/1.0 has no transfer codings, so a reader of that version takes the chunks for what follows the request.
        if (transfer.Count > 0 && HttpProtocol.IsHttp10(context.Request.Protocol))
        {
            return "HTTP/1.0 has no Transfer-Encoding.";
        }

        // RFC 9110 §7.6.1: a connection option never names a field that is meant for all recipients. Such a field would be inspected here and
        // dropped on the way: a body that reads differently with it and without it would arrive as the other one.
        foreach (var option in headers.Connection.SelectMany(v => (v ?? "").Split(',', StringSplitOptions.TrimEntries)))
        {
            if (option.StartsWith("Content-", StringComparison.OrdinalIgnoreCase) || option.Equals("Host", StringComparison.OrdinalIgnoreCase))
            {
                return "Connection names a field that says what the body is.";
            }
        }

        return null;
    }
}
