using LocalFirst.Guard.Exchanges;
using LocalFirst.Guard.Protocols;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace LocalFirst.Guard.Interception;

/// <summary>The client's side of an exchange, over ASP.NET Core.</summary>
internal sealed class HttpClientResponse(HttpContext context) : IClientResponse
{
    public bool HasStarted => context.Response.HasStarted;

    public async Task StartAsync(int status, string contentType, IReadOnlyList<HeaderField> headers, CancellationToken cancellation)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        context.Response.Headers.CacheControl = "no-store";
        foreach (var header in headers)
        {
            context.Response.Headers.Append(header.Name, header.Value);
        }

        if (status == StatusCodes.Status426UpgradeRequired)
        {
            // RFC 9110 §15.5.22: a 426 names what it would take instead.
            context.Response.Headers.Upgrade = "HTTP/1.1";
            context.Response.Headers.Connection = "Upgrade";
        }

        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await context.Response.StartAsync(cancellation);
    }

    public async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        await context.Response.Body.WriteAsync(bytes, cancellation);
        await context.Response.Body.FlushAsync(cancellation);
    }

    public Task CompleteAsync() => context.Response.CompleteAsync();

    public void Abort() => context.Abort();
}
