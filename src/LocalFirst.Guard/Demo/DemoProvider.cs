using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using LocalFirst.Guard.Interception;
using LocalFirst.Guard.Interception.Certificates;
using LocalFirst.Guard.Protocols;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LocalFirst.Guard.Demo;

/// <summary>
/// The far end of the demo: a provider of our own on loopback, over real TLS, that speaks the providers' wire forms, answers with one fixed
/// sentence and counts what reached it.
/// </summary>
internal sealed class DemoProvider : IAsyncDisposable
{
    public const string Sentence = "This answer came from the demo provider in the cloud.";

    private readonly WebApplication _app;
    private readonly CertificateAuthority _authority;
    private readonly ConcurrentDictionary<string, long> _bytesByTag = new(StringComparer.Ordinal);

    private DemoProvider(WebApplication app, CertificateAuthority authority)
    {
        _app = app;
        _authority = authority;
    }

    /// <summary>The header by which the demo tells its requests apart.</summary>
    public static string TagHeader => "x-demo-request";

    public Uri Address { get; private set; } = new("https://localhost");

    public string RootPem => _authority.RootPem;

    public static async Task<DemoProvider> StartAsync(string folder, CancellationToken cancellation)
    {
        var authority = CertificateAuthority.OpenOrCreate(folder, ["localhost"], TimeProvider.System);
        var leaf = authority.IssueLeaf("localhost");

        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IHostLifetime, HostedLifetime>();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(https =>
        {
            https.ServerCertificate = leaf;
            https.ServerCertificateChain = authority.Chain;
        })));
        var app = builder.Build();
        var provider = new DemoProvider(app, authority);
        app.Run(provider.AnswerAsync);
        await app.StartAsync(cancellation);
        var port = new Uri(app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First()).Port;
        provider.Address = new Uri($"https://localhost:{port}");
        return provider;
    }

    /// <summary>Body bytes of the request with this tag that arrived here; 0 when none did.</summary>
    public long BytesOf(string tag) => _bytesByTag.GetValueOrDefault(tag);

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _authority.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var tag = context.Request.Headers[TagHeader].ToString();
        _bytesByTag.AddOrUpdate(tag, body.Length, (_, before) => before + body.Length);

        var api = context.Request.Path.Value == "/v1/messages" ? ApiForm.AnthropicMessages : ApiForm.OpenAiChat;
        var prompt = new Prompt { Provider = "demo", Api = api, State = DecodeState.Complete, Parts = [], RequestedModel = ModelOf(body) };
        var answer = AnswerEncoders.For(api)!.Encode(prompt, Sentence, new AnswerEvent.Done(StopReason.EndTurn, 10, 10));
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = answer.ContentType;
        await context.Response.Body.WriteAsync(answer.Body, context.RequestAborted);
    }

    private static string ModelOf(MemoryStream body)
    {
        try
        {
            using var json = JsonDocument.Parse(body.GetBuffer().AsMemory(0, (int)body.Length));
            return json.RootElement.TryGetProperty("model", out var model) ? model.GetString() ?? "" : "";
        }
        catch (JsonException)
        {
            return "";
        }
    }
}
