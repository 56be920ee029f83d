using System.Text;
using LocalFirst.Guard.Exchanges;
using LocalFirst.Guard.Interception.Connect;
using LocalFirst.Guard.Interception.Upstream;
using LocalFirst.Guard.Interception.WebSockets;
using LocalFirst.Guard.Protocols;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace LocalFirst.Guard.Interception;

/// <summary>
/// Every HTTP request ends here: decrypted ones and those of base-URL mode. Steps: 1. find out where it is going, or refuse; 2. refuse what
/// its framing makes ambiguous; 3. refuse by form what cannot be inspected yet; 4. read the body into pooled memory, unless it opens a WebSocket; 5. hand it
/// to the pipeline.
/// </summary>
internal sealed class RequestEndpoint(BrokerOptions options, IHttpForwarder forwarder, UpstreamClient client, PlainProxy plain, CancellationToken stopping)
{
    public int OwnPort { get; set; }

    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            if (FramingGuard.Objection(context) is { } objection)
            {
                context.Response.Headers.Connection = "close";
                await AnswerAsync(context, StatusCodes.Status400BadRequest, objection);
                return;
            }

            var target = context.Features.Get<ConnectTarget>();
            await (target is null ? HandlePlainAsync(context) : HandleDecryptedAsync(context, target));
        }
        catch (Exception e) when (e is BadHttpRequestException or IOException or ConnectionResetException or InvalidDataException)
        {
            // A malformed chunk surfaces as several exception types; all of them are the client's (400), and the connection is not trusted any further.
            if (!context.Response.HasStarted)
            {
                context.Response.Headers.Connection = "close";
                var status = (e as BadHttpRequestException)?.StatusCode ?? StatusCodes.Status400BadRequest;
                await AnswerAsync(context, status, "The request body is malformed.");
            }
            else
            {
                context.Abort();
            }
        }
        catch (OperationCanceledException)
        {
            context.Abort();
        }
    }

    private async Task HandleDecryptedAsync(HttpContext context, ConnectTarget target)
    {
        var rawTarget = RawTargetOf(context);
        var authority = context.Request.Host;
        if (rawTarget.StartsWith("https://", StringComparison.OrdinalIgnoreCase) && Uri.TryCreate(rawTarget, UriKind.Absolute, out var absolute))
        {
            // Absolute form inside TLS (RFC 9112 §3.2.2): its authority counts, and only the path goes on.
            authority = new HostString(absolute.Authority);
            rawTarget = PathOfAbsolute(rawTarget);
        }

        if (HostName.TryParse(authority.Host)?.Name != target.Host || (authority.Port ?? 443) != target.Port)
        {
            options.Events.Refused("authority-mismatch", $"A request inside a CONNECT to {target.Host} named another host.");
            await AnswerAsync(context, StatusCodes.Status421MisdirectedRequest, $"this connection is to {target.Host}, and the request names another host.");
            return;
        }

        // The asterisk form (OPTIONS *) asks about a server as a whole, and none of a provider's is behind this connection alone.
        if (!rawTarget.StartsWith('/'))
        {
            await AnswerAsync(context, StatusCodes.Status400BadRequest, "the request target is neither a path nor an address of this host.");
            return;
        }

        await ExchangeAsync(context, target.Provider, target.Host, target.Port, rawTarget, EntryMode.Connect);
    }

    private async Task HandlePlainAsync(HttpContext context)
    {
        var rawTarget = RawTargetOf(context);
        if (rawTarget.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
        {
            await HandleAbsoluteFormAsync(context, rawTarget);
            return;
        }

        if (LoopbackRequestGuard.Objection(context, OwnPort) is { } objection)
        {
            await AnswerAsync(context, objection.Status, objection.Text);
            return;
        }

        var slash = rawTarget.IndexOf('/', Math.Min(1, rawTarget.Length));
        var query = rawTarget.IndexOf('?', StringComparison.Ordinal);
        var end = (slash, query) switch
        {
            ( < 0, < 0) => rawTarget.Length,
            ( < 0, _) => query,
            (_, < 0) => slash,
            _ => Math.Min(slash, query),
        };
        var first = rawTarget.Length > 1 ? rawTarget[1..end] : "";
        if (options.Catalogue.FindByBasePath(first) is not { } provider)
        {
            var known = string.Join(", ", options.Catalogue.Providers.Where(p => p.BasePath is not null).Select(p => "/" + p.BasePath));
            await AnswerAsync(context, StatusCodes.Status404NotFound, $"no provider has this base path. Known: {known}. As a proxy, set HTTPS_PROXY to this address.");
            return;
        }

        var rest = rawTarget[end..];
        await ExchangeAsync(context, provider, provider.Hosts[0], 443, rest.StartsWith('/') ? rest : "/" + rest, EntryMode.BaseUrl);
    }

    private async Task HandleAbsoluteFormAsync(HttpContext context, string rawTarget)
    {
        if (!Uri.TryCreate(rawTarget, UriKind.Absolute, out var address) || HostName.TryParse(address.Host) is not { } host || address.UserInfo.Length > 0)
        {
            await AnswerAsync(context, StatusCodes.Status400BadRequest, "the request target is not a well-formed address.");
            return;
        }

        if (options.Catalogue.FindByHost(host.Name) is { } provider)
        {
            options.Events.Refused("plain-http-to-provider", $"A client asked for {provider.Name} over plain HTTP; nothing was forwarded.");
            await AnswerAsync(context, StatusCodes.Status421MisdirectedRequest, $"{host.Name} is not reached over plain HTTP; use https://.");
            return;
        }

        await plain.ForwardAsync(context, host, address.Port, PathOfAbsolute(rawTarget));
    }

    private async Task ExchangeAsync(HttpContext context, ProviderEntry provider, string host, int port, string rawTarget, EntryMode entry)
    {
        var wire = new WireRequest
        {
            Provider = provider,
            Host = host,
            Method = context.Request.Method,
            RawTarget = rawTarget,
            Headers = RequestFields.Of(context),
            Body = ReadOnlyMemory<byte>.Empty,
        };

        var body = options.Bodies.Rent();
        try
        {
            var socket = WebSocketUpgrade.EndpointOf(context, wire);
            wire = socket is null ? wire : WebSocketUpgrade.Opening(wire, socket);
            var refused = socket is not null ? null : RefusedForms.Of(context) ?? await ReadBodyAsync(context, body);
            using var request = new ExchangeRequest(wire, port, entry, body) { RefusedByForm = refused };
            if (refused is not null)
            {
                // What was not read cannot be told apart from a next request.
                context.Response.Headers.Connection = context.Request.Protocol == "HTTP/2" ? default : "close";
            }

            IUpstream upstream = socket is null
                ? new YarpUpstream(context, forwarder, client, options.Upstreams)
                : new WebSocketBridge(context, request, options, client, stopping);
            await options.Pipeline.HandleAsync(request, upstream, new HttpClientResponse(context), context.RequestAborted);
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    private static async Task<Refusal?> ReadBodyAsync(HttpContext context, BodyBuffer body)
    {
        try
        {
            body.Expect(context.Request.ContentLength);
            var reader = context.Request.BodyReader;
            while (true)
            {
                var read = await reader.ReadAsync(context.RequestAborted);
                foreach (var segment in read.Buffer)
                {
                    body.Append(segment.Span);
                }

                reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    return null;
                }
            }
        }
        catch (BodyTooLargeException e)
        {
            return e.AllBodies
                ? new Refusal(StatusCodes.Status429TooManyRequests, "LocalFirst.Guard: " + e.Message + " Try again when others have ended.", "broker_busy")
                : new Refusal(StatusCodes.Status413PayloadTooLarge, "LocalFirst.Guard: " + e.Message + " Nothing was sent.", "body_too_large");
        }
    }

    private static string RawTargetOf(HttpContext context) => context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;

    private static string PathOfAbsolute(string address)
    {
        var authority = address.IndexOf("://", StringComparison.Ordinal) + 3;
        var path = address.AsSpan(authority).IndexOfAny('/', '?');
        return path < 0 ? "/" : address[authority + path] == '/' ? address[(authority + path)..] : "/" + address[(authority + path)..];
    }

    private static async Task AnswerAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes($"LocalFirst.Guard: {text}\n"), context.RequestAborted);
    }
}
