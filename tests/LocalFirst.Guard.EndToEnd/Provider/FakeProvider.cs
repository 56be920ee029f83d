using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace LocalFirst.Guard.EndToEnd.Provider;

/// <summary>
/// A TLS provider on loopback that speaks OpenAI and Anthropic and keeps what it gets. It stands for every provider at once, so that
/// "nothing reached a provider" is one look at one place.
/// </summary>
internal sealed class FakeProvider : IAsyncDisposable
{
    private const int MaxBody = 200_000_000;

    private readonly ConcurrentQueue<ReceivedRequest> _requests = new();
    private readonly ConcurrentQueue<ProviderSocket> _sockets = new();
    private readonly TestAuthority _authority;
    private readonly WebApplication _app;
    private int _connections;
    private long _bytes;

    private FakeProvider(TestAuthority authority, WebApplication app, string trust)
    {
        _authority = authority;
        _app = app;
        TrustFile = trust;
    }

    /// <summary>Where it listens: <c>https://localhost:PORT</c>.</summary>
    public Uri Address { get; private set; } = new("https://localhost");

    /// <summary>A PEM file with the root that its certificate comes from (unless the certificate is flawed).</summary>
    public string TrustFile { get; }

    /// <summary>Everything received so far, oldest first.</summary>
    public IReadOnlyList<ReceivedRequest> Requests => [.. _requests];

    /// <summary>TCP connections accepted, whether or not a handshake followed.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Bytes received inside TLS: zero means that not even a request line left.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>The WebSockets opened so far, oldest first.</summary>
    public IReadOnlyList<ProviderSocket> Sockets => [.. _sockets];

    /// <summary>Holds streams back when set.</summary>
    public AnswerPace? Pace { get; set; }

    /// <summary>Answers in place of the usual answers when set.</summary>
    public Func<HttpContext, ReceivedRequest, Task>? Answer { get; set; }

    public static async Task<FakeProvider> StartAsync(ProviderCertificate certificate = ProviderCertificate.Good)
    {
        var authority = new TestAuthority();
        FakeProvider? self = null;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = MaxBody;
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Use(next => connection =>
                {
                    Interlocked.Increment(ref self!._connections);
                    return next(connection);
                });
                listen.UseHttps(authority.Issue(certificate));
                listen.Use(next => connection =>
                {
                    connection.Transport = new CountingDuplexPipe(connection.Transport, n => Interlocked.Add(ref self!._bytes, n));
                    return next(connection);
                });
            });
        });

        var trust = Path.Combine(Directory.CreateTempSubdirectory("guard-provider-").FullName, "provider-root.pem");
        await File.WriteAllTextAsync(trust, authority.Pem);
        var app = builder.Build();
        self = new FakeProvider(authority, app, trust);
        app.UseWebSockets();
        app.Run(self.HandleAsync);
        await app.StartAsync();
        var bound = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        self.Address = new Uri($"https://localhost:{new Uri(bound).Port}");
        return self;
    }

    /// <summary>True when the text is in any target, header or body received.</summary>
    public bool HasSeen(string text) => _requests.Any(r =>
        r.Target.Contains(text, StringComparison.Ordinal)
        || r.Headers.Any(h => h.Value.Contains(text, StringComparison.Ordinal))
        || r.Body.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0)
        || _sockets.Any(s => s.HasSeen(text));

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _authority.Dispose();
        Directory.Delete(Path.GetDirectoryName(TrustFile)!, recursive: true);
    }

    private async Task HandleAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        var isSocket = context.WebSockets.IsWebSocketRequest;
        try
        {
            await (isSocket ? Stream.Null : context.Request.Body).CopyToAsync(body, context.RequestAborted);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // What came of a request that broke off is still something that reached the provider.
        }

        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var headers = context.Request.Headers.SelectMany(h => h.Value.Select(v => KeyValuePair.Create(h.Key, v ?? ""))).ToList();
        var request = new ReceivedRequest(context.Request.Method, target, context.Request.Protocol, headers, body.ToArray());
        using var aborted = context.RequestAborted.Register(request.NoteAborted);
        _requests.Enqueue(request);
        try
        {
            if (isSocket && Answer is null)
            {
                var socket = new ProviderSocket(request);
                _sockets.Enqueue(socket);
                await socket.ServeAsync(context, Pace);
                return;
            }

            await (Answer?.Invoke(context, request) ?? ProviderAnswers.AnswerAsync(context, request, Pace));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller has gone; the request knows it.
        }
    }
}
