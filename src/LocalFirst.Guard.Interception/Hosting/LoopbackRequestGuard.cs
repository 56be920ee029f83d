using LocalFirst.Guard.Interception.Connect;
using Microsoft.AspNetCore.Http;

namespace LocalFirst.Guard.Interception;

/// <summary>
/// Base-URL mode is a plain HTTP port on loopback, and web pages can reach it. A request must name the loopback host itself (DNS
/// rebinding) and must not come from a page (Origin, Fetch Metadata).
/// </summary>
internal static class LoopbackRequestGuard
{
    public static (int Status, string Text)? Objection(HttpContext context, int ownPort)
    {
        var host = context.Request.Host;
        var name = HostName.TryParse(host.Host);
        var isLoopback = name is not null && (name.Name == "localhost" || (name.Address is { } address && System.Net.IPAddress.IsLoopback(address)));
        if (!isLoopback || (host.Port ?? 80) != ownPort)
        {
            return (StatusCodes.Status421MisdirectedRequest, "base-URL mode is reached as 127.0.0.1 or localhost, with this port.");
        }

        var site = context.Request.Headers["Sec-Fetch-Site"];
        if (site.Count > 0 && site != "none")
        {
            return (StatusCodes.Status403Forbidden, "web pages may not use the broker.");
        }

        return context.Request.Headers.Origin.Count > 0 ? (StatusCodes.Status403Forbidden, "web pages may not use the broker.") : null;
    }
}
