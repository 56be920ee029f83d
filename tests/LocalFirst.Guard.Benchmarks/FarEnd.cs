using System.Net;
using LocalFirst.Guard.Interception.Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LocalFirst.Guard.Benchmarks;

/// <summary>A provider on loopback that reads the body and answers a few bytes, so that what is measured is the way there and back.</summary>
internal sealed class FarEnd : IAsyncDisposable
{
    private static readonly byte[] Answer = """{"id":"chatcmpl-0","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}]}"""u8.ToArray();

    private readonly WebApplication _app;
    private readonly CertificateAuthority _authority;

    private FarEnd(WebApplication app, CertificateAuthority authority, int port)
    {
        _app = app;
        _authority = authority;
        Address = new Uri($"https://localhost:{port}");
    }

    public Uri Address { get; }

    public string RootPem => _authority.RootPem;

    public static async Task<FarEnd> StartAsync(string folder)
    {
        var authority = CertificateAuthority.OpenOrCreate(folder, ["localhost"], TimeProvider.System);
        var leaf = authority.IssueLeaf("localhost");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(https =>
        {
            https.ServerCertificate = leaf;
            https.ServerCertificateChain = authority.Chain;
        })));
        var app = builder.Build();
        app.Run(async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Response.ContentType = "application/json";
            await context.Response.Body.WriteAsync(Answer);
        });
        await app.StartAsync();
        var port = new Uri(app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First()).Port;
        return new FarEnd(app, authority, port);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _authority.Dispose();
    }
}
