using LocalFirst.Guard.Protocols;
using Microsoft.AspNetCore.Http;

namespace LocalFirst.Guard.Interception.WebSockets;

/// <summary>
/// Tells the opening of a WebSocket that can be inspected: a well-formed upgrade (RFC 6455 §4.2.1) or extended CONNECT (RFC 8441) to an endpoint that the catalogue
/// knows as one. Any other upgrade is refused.
/// </summary>
internal static class WebSocketUpgrade
{
    /// <summary>The endpoint that is opened; null when the request opens none.</summary>
    public static ProviderEndpoint? EndpointOf(HttpContext context, WireRequest wire) =>
        wire.Provider.MatchWebSocket(wire.Path) is { } endpoint && context.WebSockets.IsWebSocketRequest ? endpoint : null;

    /// <summary>
    /// The request that is decided upon. Over HTTP/2 it is the GET that it stands for. The handshake's own fields are not in it: each side has its own, so
    /// that nothing of the client's leaves in them.
    /// </summary>
    public static WireRequest Opening(WireRequest wire, ProviderEndpoint endpoint) => wire with
    {
        Method = HttpMethods.Get,
        StreamEndpoint = endpoint,
        Headers = [.. wire.Headers.Where(h => !IsHandshake(h.Name))],
    };

    /// <summary>Fields that both ends of one connection agree on, other than the sub-protocol.</summary>
    public static bool IsHandshake(string name) =>
        name.Equals("Upgrade", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Sec-WebSocket-Key", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Sec-WebSocket-Version", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Sec-WebSocket-Extensions", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Sec-WebSocket-Accept", StringComparison.OrdinalIgnoreCase);
}
