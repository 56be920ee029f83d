using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using LocalFirst.Guard.Exchanges;
using LocalFirst.Guard.Interception.Upstream;
using LocalFirst.Guard.Protocols;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Yarp.ReverseProxy.Forwarder;

namespace LocalFirst.Guard.Interception.WebSockets;

/// <summary>
/// Step 6a for the opening of a WebSocket: 1. opens it at the provider; 2. where the provider refuses, its answer goes to the client as it is; 3. else the client's
/// side is accepted with the provider's own fields; 4. the messages go their way until it is over.
/// </summary>
internal sealed class WebSocketBridge(HttpContext context, ExchangeRequest opening, BrokerOptions options, UpstreamClient client, CancellationToken stopping) : IUpstream
{
    /// <summary>A black hole on the way shows as a ping without an answer; the client cannot notice it, for its own pings are answered here.</summary>
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(20);

    private const int KeyBytes = 16;

    public async Task<ForwardResult> ForwardAsync(RecordedDecision decision, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(decision);
        decision.ClaimBodyForForwarding(); // Empty: the fields are the request. Claimed, so that one decision opens one connection.
        var address = options.Upstreams.BaseAddressOf(decision.Host, decision.Port);
        var extensions = context.Request.Headers.SecWebSocketExtensions.ToString();
        var protocols = context.WebSockets.WebSocketRequestedProtocols;

        // 1
        HttpResponseMessage response;
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes));
        try
        {
            response = await client.Invoker.SendAsync(RequestOf(decision, address, key, DeflateOffer.IsIn(extensions)), cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return new ForwardResult(0, 0, 0, null, "client-gone", Cancelled: true);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            var (errorClass, refusal) = YarpUpstream.Explain(ForwarderError.Request, e, address.IdnHost);
            return new ForwardResult(0, 0, 0, refusal, errorClass);
        }

        using (response)
        {
            // 2
            if (response.StatusCode != HttpStatusCode.SwitchingProtocols)
            {
                return await PassOnAsync(response, cancellation);
            }

            if (Accepted(response, key, protocols) is not { } accepted)
            {
                return new ForwardResult(0, 0, 0, new Refusal(502, $"{address.IdnHost} answered the opening of a WebSocket with a handshake that is not valid (RFC 6455 §4.1).", "upstream_handshake"), "handshake");
            }

            // 3 and 4
            using var upstream = new UpstreamSocket(
                WebSocket.CreateFromStream(
                    await response.Content.ReadAsStreamAsync(cancellation),
                    new WebSocketCreationOptions
                    {
                        IsServer = false,
                        SubProtocol = accepted.Protocol,
                        DangerousDeflateOptions = accepted.Deflate,
                        KeepAliveInterval = PingInterval,
                        KeepAliveTimeout = PingInterval,
                    }),
                decision.Host,
                decision.Port,
                decision.RawTarget);
            return await BridgeAsync(response, accepted.Protocol, upstream, cancellation);
        }
    }

    private async Task<ForwardResult> BridgeAsync(HttpResponseMessage response, string? protocol, UpstreamSocket upstream, CancellationToken cancellation)
    {
        CopyFields(response);

        // A WebSocket that is silent between two turns is not a slow upload.
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        try
        {
            using var accepted = new ClientSocket(await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext
            {
                SubProtocol = protocol,
                DangerousEnableCompression = true, // What the client compresses goes no farther than this machine.
                KeepAliveInterval = TimeSpan.Zero, // The client's side is on this machine: it cannot vanish unseen.
            }));
            var session = new StreamSession(options.Pipeline, opening, options.Bodies, accepted, upstream);
            var ending = await session.RunAsync(stopping, cancellation);
            var errorClass = ending.ClientGone ? "client-gone" : ending.ProviderGone ? "provider-gone" : null;
            return new ForwardResult(StatusCodes.Status101SwitchingProtocols, 0, ending.BytesIn, null, errorClass, ending.ClientGone);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or WebSocketException or ObjectDisposedException)
        {
            context.Abort();
            return new ForwardResult(0, 0, 0, null, "client-gone", Cancelled: true);
        }
    }

    private static HttpRequestMessage RequestOf(RecordedDecision decision, Uri address, string key, bool deflate)
    {
        var request = new HttpRequestMessage(
            HttpMethod.Get,
            new Uri(
                address.GetLeftPart(UriPartial.Authority) + address.AbsolutePath.TrimEnd('/') + decision.RawTarget,
                new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }))
        {
            // RFC 6455 is HTTP/1.1's; providers were seen to offer WebSockets on it, and Codex itself opens them so.
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        var named = ByteTrueTransformer.NamedByConnection(decision.Headers);
        foreach (var (name, value) in decision.Headers)
        {
            if (!name.Equals("Host", StringComparison.OrdinalIgnoreCase) && !ByteTrueTransformer.IsHopByHop(name) && !named.Contains(name))
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }
        }

        request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
        request.Headers.TryAddWithoutValidation("Upgrade", "websocket");
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Version", "13");
        request.Headers.TryAddWithoutValidation("Sec-WebSocket-Key", key);
        if (deflate)
        {
            request.Headers.TryAddWithoutValidation("Sec-WebSocket-Extensions", DeflateOffer.Header);
        }

        return request;
    }

    /// <summary>What was agreed on with the provider; null when its handshake is not valid.</summary>
    private static (string? Protocol, WebSocketDeflateOptions? Deflate)? Accepted(HttpResponseMessage response, string key, IList<string> offered)
    {
        // RFC 6455 §1.3; SHA-1 is a check of the handshake there and protects nothing.
#pragma warning disable CA5350
        var proof = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
        var protocol = Field(response, "Sec-WebSocket-Protocol");
        return string.Equals(Field(response, "Upgrade"), "websocket", StringComparison.OrdinalIgnoreCase)
            && string.Equals(Field(response, "Sec-WebSocket-Accept"), proof, StringComparison.Ordinal)
            && (protocol is null || offered.Contains(protocol))
            && DeflateOffer.TryReadAnswer(Field(response, "Sec-WebSocket-Extensions"), out var deflate)
                ? (protocol, deflate)
                : null;
    }

    private static string? Field(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : null;

    /// <summary>The provider's refusal, as it came.</summary>
    private async Task<ForwardResult> PassOnAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        context.Response.StatusCode = (int)response.StatusCode;
        CopyFields(response);
        foreach (var (name, values) in response.Content.Headers)
        {
            context.Response.Headers.Append(name, values.ToArray());
        }

        long bytes = 0;
        try
        {
            var buffer = new byte[16 * 1024];
            var body = await response.Content.ReadAsStreamAsync(cancellation);
            while (await body.ReadAsync(buffer, cancellation) is var count and > 0)
            {
                await context.Response.Body.WriteAsync(buffer.AsMemory(0, count), cancellation);
                bytes += count;
            }

            await context.Response.CompleteAsync();
            return new ForwardResult(context.Response.StatusCode, 0, bytes);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException)
        {
            context.Abort();
            return new ForwardResult(context.Response.StatusCode, 0, bytes, null, e.GetType().Name, cancellation.IsCancellationRequested);
        }
    }

    private void CopyFields(HttpResponseMessage response)
    {
        foreach (var (name, values) in response.Headers)
        {
            if (!ByteTrueTransformer.IsHopByHop(name) && !response.Headers.Connection.Contains(name) && !name.Equals("Alt-Svc", StringComparison.OrdinalIgnoreCase)
                && !WebSocketUpgrade.IsHandshake(name) && !name.Equals("Sec-WebSocket-Protocol", StringComparison.OrdinalIgnoreCase))
            {
                context.Response.Headers.Append(name, values.ToArray());
            }
        }
    }
}
