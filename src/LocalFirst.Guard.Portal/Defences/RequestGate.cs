using System.Net;
using LocalFirst.Guard.Portal.Display;
using LocalFirst.Guard.Portal.SignIn;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace LocalFirst.Guard.Portal.Defences;

/// <summary>
/// Decides who may ask. A loopback port can be reached by every web page (through DNS rebinding, forms, images) and by every program of this
/// machine, so an address proves nothing: the host must be one that we made, the request must come from our own page, and the session must fit.
/// </summary>
internal sealed class RequestGate(SignInDesk desk)
{
    private const string HostSuffix = ".localhost";

    /// <summary>The session of this request; null on pages that are open before sign-in.</summary>
    public static PortalSession? SessionOf(HttpContext context) => context.Items[typeof(PortalSession)] as PortalSession;

    /// <summary>The random part of this request's host.</summary>
    public static string HostIdOf(HttpContext context) => (string)context.Items[typeof(RequestGate)]!;

    /// <summary>Runs after routing, before any endpoint.</summary>
    public async Task Check(HttpContext context, RequestDelegate next)
    {
        // 1. Host: a name that only a link of ours has told. Anything else was not meant for us (RFC 9110 §15.5.20).
        var hostId = HostId(context);
        var state = hostId is null ? HostState.Unknown : desk.StateOf(hostId);
        if (hostId is null || state == HostState.Unknown)
        {
            await ErrorPage.WritePlain(context, HttpStatusCode.MisdirectedRequest, "This is the portal of LocalFirst.Guard. Open it with the link that 'guard portal' prints in a terminal.");
            return;
        }

        context.Items[typeof(RequestGate)] = hostId;

        // 2. Origin: our own page, or a person who followed the link.
        if (!IsFromOwnPage(context))
        {
            await ErrorPage.Write(context, HttpStatusCode.Forbidden, "Not from here", "Another web page sent this request, so nothing was done.");
            return;
        }

        // 3. Session: everything but the sign-in page and the assets needs one, unknown addresses included.
        var isRefresh = context.Request.Headers.ContainsKey(RefreshHeader);
        if (desk.Find(hostId, name => context.Request.Cookies[name], isUse: !isRefresh) is { } session)
        {
            context.Items[typeof(PortalSession)] = session;
        }
        else if (context.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is null)
        {
            if (state == HostState.LinkWaits && HttpMethods.IsGet(context.Request.Method))
            {
                context.Response.Redirect("/sign-in");
                return;
            }

            await ErrorPage.Write(context, HttpStatusCode.Unauthorized, "Signed out", "Run 'guard portal' in a terminal and open the link that it prints.");
            return;
        }

        await next(context);
    }

    /// <summary>Sent by our own script when it refreshes the list, so that an unattended tab does not keep its session alive.</summary>
    public const string RefreshHeader = "X-Guard-Refresh";

    private static string? HostId(HttpContext context)
    {
        var host = context.Request.Host;
        var local = context.Features.Get<IHttpConnectionFeature>()!.LocalPort;
        return host.Port == local && host.Host.EndsWith(HostSuffix, StringComparison.Ordinal) ? host.Host[..^HostSuffix.Length] : null;
    }

    // Fetch Metadata (W3C) where the browser sends it, and Origin (RFC 6454) on everything that changes something.
    private static bool IsFromOwnPage(HttpContext context)
    {
        var headers = context.Request.Headers;
        var site = headers["Sec-Fetch-Site"].ToString();
        if (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))
        {
            // A link that is clicked in a web terminal or a chat is a cross-site navigation; the sign-in page gives nothing away and does nothing by itself.
            return site is "" or "none" or "same-origin"
                || (context.Request.Path == "/sign-in" && headers["Sec-Fetch-Mode"] == "navigate" && headers["Sec-Fetch-Dest"] == "document");
        }

        // With Referrer-Policy: no-referrer a browser sends "Origin: null" with a page's own form (Fetch standard, "append a request Origin header"),
        // and a sandboxed foreign page sends the same. What tells them apart is Sec-Fetch-Site, which no page can set.
        var own = $"{context.Request.Scheme}://{context.Request.Host}";
        var origin = headers.Origin.ToString();
        return (origin == own && site is "" or "same-origin") || (origin == "null" && site == "same-origin");
    }
}
