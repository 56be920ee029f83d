using System.Net.Sockets;
using System.Security.Authentication;
using LocalFirst.Guard.Exchanges;
using LocalFirst.Guard.Protocols;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace LocalFirst.Guard.Interception.Upstream;

/// <summary>
/// Step 6a for one request: hands YARP the very bytes that were inspected and lets it stream the answer through. The only code of the
/// product that opens a connection to a provider.
/// </summary>
internal sealed class YarpUpstream(HttpContext context, IHttpForwarder forwarder, UpstreamClient client, UpstreamMap map) : IUpstream
{
    /// <summary>A model may think in silence for minutes; the default of 100 s would cut it off.</summary>
    private static readonly ForwarderRequestConfig Config = new()
    {
        ActivityTimeout = TimeSpan.FromMinutes(15),
        Version = System.Net.HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        AllowResponseBuffering = false,
    };

    public async Task<ForwardResult> ForwardAsync(RecordedDecision decision, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(decision);
        var body = decision.ClaimBodyForForwarding();
        var outgoing = new InspectedBodyStream(body);
        context.Request.Body = outgoing;

        var counting = new CountingBodyFeature(context.Features.GetRequiredFeature<IHttpResponseBodyFeature>(), Watching(decision.Observer));
        context.Features.Set<IHttpResponseBodyFeature>(counting);

        var baseAddress = map.BaseAddressOf(decision.Host, decision.Port);
        var transformer = new ByteTrueTransformer(baseAddress, decision.RawTarget, decision.Headers);
        ForwarderError error;
        try
        {
            error = await forwarder.SendAsync(context, baseAddress.GetLeftPart(UriPartial.Authority), client.Invoker, Config, transformer, cancellation);
            if (error == ForwarderError.None)
            {
                await context.Response.CompleteAsync();
                return new ForwardResult(context.Response.StatusCode, outgoing.BytesRead, counting.BytesWritten);
            }
        }
        catch (Exception e)
        {
            // Bytes may have left by now, so the outcome must tell how many; an exception would lose the count.
            context.Abort();
            return new ForwardResult(context.Response.HasStarted ? context.Response.StatusCode : 0, outgoing.BytesRead, counting.BytesWritten, null, e.GetType().Name, cancellation.IsCancellationRequested);
        }
        finally
        {
            outgoing.Detach();
        }

        var failure = context.Features.Get<IForwarderErrorFeature>()?.Exception;
        if (cancellation.IsCancellationRequested)
        {
            return new ForwardResult(context.Response.HasStarted ? context.Response.StatusCode : 0, outgoing.BytesRead, counting.BytesWritten, null, "client-gone", Cancelled: true);
        }

        var (errorClass, refusal) = Explain(error, failure, baseAddress.IdnHost);
        if (context.Response.HasStarted)
        {
            return new ForwardResult(context.Response.StatusCode, outgoing.BytesRead, counting.BytesWritten, null, errorClass);
        }

        context.Response.Clear();
        return new ForwardResult(0, outgoing.BytesRead, counting.BytesWritten, refusal, errorClass);
    }

    /// <summary>Shows the answer to the observer. Its head is known by the first piece of its body.</summary>
    private Action<ReadOnlyMemory<byte>>? Watching(IAnswerObserver? observer)
    {
        if (observer is null)
        {
            return null;
        }

        var begun = false;
        return piece =>
        {
            if (!begun)
            {
                begun = true;
                observer.Begin(context.Response.StatusCode, context.Response.ContentType, context.Response.Headers.ContentEncoding);
            }

            observer.Observe(piece.Span);
        };
    }

    internal static (string ErrorClass, Refusal Refusal) Explain(ForwarderError error, Exception? failure, string host)
    {
        for (var at = failure; at is not null; at = at.InnerException)
        {
            switch (at)
            {
                case AuthenticationException:
                    return ("tls-certificate", new Refusal(502, $"LocalFirst.Guard could not verify the certificate of {host}; nothing was sent. If this is your own gateway, name its root certificate in upstreamTrust.", "upstream_certificate"));
                case ForbiddenAddressException:
                    return ("address-policy", new Refusal(502, $"LocalFirst.Guard did not connect to {host}: {at.Message} If this is your own gateway, map it in upstreams.", "upstream_address"));
                case SocketException socket:
                    return ($"connect-{socket.SocketErrorCode}", new Refusal(502, $"LocalFirst.Guard could not reach {host} ({socket.SocketErrorCode}). The request was allowed; try again.", "upstream_unreachable"));
            }
        }

        return error is ForwarderError.RequestTimedOut
            ? ("timeout", new Refusal(504, $"{host} did not answer in time.", "upstream_timeout"))
            : (error.ToString(), new Refusal(502, $"The exchange with {host} failed ({error}). The request was allowed; try again.", "upstream_failed"));
    }
}
