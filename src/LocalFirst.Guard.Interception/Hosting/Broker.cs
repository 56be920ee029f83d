using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using LocalFirst.Guard.Interception.Certificates;
using LocalFirst.Guard.Interception.Connect;
using LocalFirst.Guard.Interception.Upstream;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace LocalFirst.Guard.Interception;

/// <summary>
/// Step 1: the listening broker. One Kestrel endpoint on loopback serves CONNECT (decrypted for providers, tunnelled for the rest) and
/// base-URL mode.
/// <code>
///   connection ─▶ preamble ─┬─ CONNECT provider ─▶ TLS (own CA) ─▶ HTTP ─▶ RequestEndpoint ─▶ ExchangePipeline
///                           ├─ CONNECT other    ─▶ tunnel
///                           └─ plain HTTP       ───────────────▶ HTTP ─▶ RequestEndpoint (base-URL mode)
/// </code>
/// </summary>
public sealed class Broker : IAsyncDisposable
{
    /// <summary>Time that running exchanges get when the broker stops.</summary>
    public static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(5);

    private const int MaxHeaderBytes = 64 * 1024;

    private readonly WebApplication _app;
    private readonly UpstreamClient _client;
    private readonly PlainProxy _plain;

    private Broker(WebApplication app, UpstreamClient client, PlainProxy plain)
    {
        _app = app;
        _client = client;
        _plain = plain;
    }

    /// <summary>The address that it listens on; known once started.</summary>
    public IPEndPoint Address { get; private set; } = new(IPAddress.Loopback, 0);

    /// <summary>Starts listening.</summary>
    /// <param name="options">What it is made of.</param>
    /// <param name="cancellation">Stops starting.</param>
    /// <exception cref="IOException">The port is taken.</exception>
    public static Task<Broker> StartAsync(BrokerOptions options, CancellationToken cancellation) => StartAsync(options, new GuardedDialer(), cancellation);

    internal static async Task<Broker> StartAsync(BrokerOptions options, GuardedDialer dialer, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!IPAddress.IsLoopback(options.Listen.Address))
        {
            throw new ArgumentException("The broker listens on loopback only.", nameof(options));
        }

        // RFC 9112 §2.2 lets a recipient take a bare LF for a line end; readers that disagree on it are how requests are smuggled.
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);

        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        // Kestrel's own log lines could carry a request's text; what matters is in the audit log.
        builder.Logging.ClearProviders();
        builder.Services.AddHttpForwarder();
        builder.Services.AddSingleton<IHostLifetime, HostedLifetime>();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.UseShutdownTimeout(DrainTime);

        var leafs = new LeafCertificates(options.Authority);
        var tunnel = new TunnelRelay(dialer, options.Catalogue, options.Events);
        var preamble = new ConnectPreamble(options.Catalogue, tunnel, new PeerCheck(), options.Events, options.Time);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.RequestHeaderEncodingSelector = RequestHeaderReading.Select;
            kestrel.Limits.MaxRequestBodySize = null; // The cap is ours: RequestEndpoint answers 413 in the provider's own shape.
            kestrel.Limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(10); // Longer than clients keep idle connections, so that they never race a close.
            kestrel.Listen(options.Listen, listen => Configure(listen, preamble, leafs, options.Events));
        });

        var app = builder.Build();
        var client = new UpstreamClient(options.Upstreams, dialer);
        var forwarder = app.Services.GetRequiredService<IHttpForwarder>();
        var plain = new PlainProxy(forwarder, dialer);
        var endpoint = new RequestEndpoint(options, forwarder, client, plain, app.Lifetime.ApplicationStopping);
        app.UseWebSockets();
        app.Run(endpoint.HandleAsync);

        try
        {
            await app.StartAsync(cancellation);
        }
        catch
        {
            client.Dispose();
            plain.Dispose();
            await app.DisposeAsync();
            throw;
        }

        var bound = new Uri(app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First());
        endpoint.OwnPort = bound.Port;
        return new Broker(app, client, plain) { Address = new IPEndPoint(options.Listen.Address, bound.Port) };
    }

    /// <summary>Stops listening and lets running exchanges end, for at most <see cref="DrainTime"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        using var drain = new CancellationTokenSource(DrainTime);
        try
        {
            await _app.StopAsync(drain.Token);
        }
        catch (OperationCanceledException)
        {
            // What did not end in time is cut off; its outcome is missing from the log, which is itself a finding.
        }

        await _app.DisposeAsync();
        _client.Dispose();
        _plain.Dispose();
    }

    private static void Configure(ListenOptions listen, ConnectPreamble preamble, LeafCertificates leafs, IInterceptionEvents events)
    {
        listen.Protocols = HttpProtocols.Http1AndHttp2;

        // `Use` builds back to front: the last middleware captures the HTTP server and hands it to the first, so that plain requests skip TLS.
        ConnectionDelegate? http = null;
        listen.Use(tls => connection => preamble.RunAsync(connection, tls, http!));
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = TimeSpan.FromSeconds(10),
            OnConnection = context => ValueTask.FromResult(HandshakeFor(context, leafs, events)),
        });
        listen.Use(next =>
        {
            http = next;
            return next;
        });
    }

    private static SslServerAuthenticationOptions HandshakeFor(TlsHandshakeCallbackContext context, LeafCertificates leafs, IInterceptionEvents events)
    {
        var target = context.Connection.Features.Get<ConnectTarget>() ?? throw new AuthenticationException("TLS without CONNECT.");
        var asked = context.ClientHelloInfo.ServerName;
        if (!string.IsNullOrEmpty(asked) && HostName.TryParse(asked)?.Name != target.Host)
        {
            // Domain fronting: the certificate would be for one host and the requests for another.
            events.Refused("sni-mismatch", $"A TLS handshake inside a CONNECT to {target.Host} asked for another server name.");
            throw new AuthenticationException("The server name differs from the CONNECT host.");
        }

        if (!leafs.Cover(target.Host))
        {
            events.Refused("host-not-covered", $"The certificate authority cannot vouch for {target.Host}, which came into the catalogue after it was made; guard setup --user makes a new one.");
            throw new AuthenticationException("The certificate authority cannot vouch for this host.");
        }

        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = leafs.ContextFor(target.Host),
            ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            AllowRenegotiation = false,
        };
    }
}
