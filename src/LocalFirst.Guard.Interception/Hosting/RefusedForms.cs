using LocalFirst.Guard.Protocols;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace LocalFirst.Guard.Interception;

/// <summary>
/// What cannot be inspected as one body is refused by its form, before a byte of its body is read: waiting for the end of a
/// bidirectional stream would deadlock it.
/// </summary>
internal static class RefusedForms
{
    public static Refusal? Of(HttpContext context)
    {
        var upgrades = context.Features.Get<IHttpUpgradeFeature>()?.IsUpgradableRequest == true
            || context.Request.Headers.ContainsKey("Upgrade")
            || context.Features.Get<IHttpExtendedConnectFeature>()?.IsExtendedConnect == true;
        if (upgrades)
        {
            return new Refusal(StatusCodes.Status426UpgradeRequired, "LocalFirst.Guard cannot inspect the messages of a WebSocket at this address, so none is opened; use HTTP (clients fall back by themselves).", "upgrade_refused");
        }

        if (HttpMethods.IsConnect(context.Request.Method) || HttpMethods.IsTrace(context.Request.Method))
        {
            return new Refusal(StatusCodes.Status405MethodNotAllowed, $"LocalFirst.Guard does not take {context.Request.Method} here.", "method_refused");
        }

        var type = context.Request.ContentType ?? "";
        if (IsFamily(type, "application/grpc") || IsFamily(type, "application/connect"))
        {
            return new Refusal(StatusCodes.Status400BadRequest, "LocalFirst.Guard cannot inspect gRPC and Connect streams yet, so none is forwarded; use the provider's HTTP API.", "stream_refused");
        }

        return null;
    }

    /// <summary><c>application/grpc</c> itself and its <c>+proto</c>, <c>-web</c> … relatives.</summary>
    private static bool IsFamily(string contentType, string family) =>
        contentType.AsSpan().TrimStart().StartsWith(family, StringComparison.OrdinalIgnoreCase);
}
