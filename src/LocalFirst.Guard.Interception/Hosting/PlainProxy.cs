using System.Net;
using LocalFirst.Guard.Interception.Connect;
using LocalFirst.Guard.Interception.Upstream;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace LocalFirst.Guard.Interception;

/// <summary>
/// Plain-HTTP proxying (absolute form) of what is no provider's: the counterpart of the tunnel for tools that send everything to their proxy.
/// The same address policy as for tunnels holds.
/// </summary>
internal sealed class PlainProxy : IDisposable
{
    private readonly IHttpForwarder _forwarder;
    private readonly HttpMessageInvoker _invoker;

    public PlainProxy(IHttpForwarder forwarder, GuardedDialer dialer)
    {
        _forwarder = forwarder;
        _invoker = new HttpMessageInvoker(TransparentHandler.Create(dialer, (_, _) => AddressPolicy.ObjectionForTunnel));
    }

    public void Dispose() => _invoker.Dispose();

    public async Task ForwardAsync(HttpContext context, HostName host, int port, string rawTarget)
    {
        var origin = new UriBuilder(Uri.UriSchemeHttp, host.Name, port).Uri;
        var error = await _forwarder.SendAsync(context, origin.GetLeftPart(UriPartial.Authority), _invoker, new ForwarderRequestConfig { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact }, new ByteTrueTransformer(origin, rawTarget, RequestFields.Of(context)), context.RequestAborted);
        if (error != ForwarderError.None && !context.Response.HasStarted && context.Features.Get<IForwarderErrorFeature>()?.Exception is { } failure && Forbidden(failure))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
        }
    }

    private static bool Forbidden(Exception? failure) =>
        failure is not null && (failure is ForbiddenAddressException || Forbidden(failure.InnerException));
}
