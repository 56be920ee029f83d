using System.Net;
using LocalFirst.Guard.Portal.Assets;
using LocalFirst.Guard.Portal.Defences;
using LocalFirst.Guard.Portal.Display;
using LocalFirst.Guard.Portal.SignIn;
using LocalFirst.Guard.Protocols;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.ApplicationParts;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LocalFirst.Guard.Portal;

/// <summary>The portal: a web server on loopback that shows what was decided and why.</summary>
public sealed class PortalApp : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly SignInDesk _desk;
    private readonly IPEndPoint _listen;

    private PortalApp(WebApplication app, SignInDesk desk, IPEndPoint listen)
    {
        _app = app;
        _desk = desk;
        _listen = listen;
    }

    /// <summary>Where it listens, with the real port; known once it is started.</summary>
    public Uri Url { get; private set; } = new("http://127.0.0.1:0");

    /// <summary>Its services, for tests.</summary>
    internal IServiceProvider Services => _app.Services;

    /// <summary>Its endpoints, for the test that none of them is open by mistake.</summary>
    internal IEnumerable<Endpoint> Endpoints => ((IEndpointRouteBuilder)_app).DataSources.SelectMany(s => s.Endpoints);

    /// <summary>Puts the portal together. It listens after <see cref="StartAsync"/>.</summary>
    /// <param name="options">What it needs.</param>
    /// <exception cref="PortalException">The address is not a loopback address.</exception>
    public static PortalApp Build(PortalOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!IPAddress.IsLoopback(options.Listen.Address))
        {
            throw new PortalException($"The portal cannot listen on {options.Listen}: other machines could reach it.", "Use a loopback address: 127.0.0.1 or [::1].");
        }

        // An empty builder: the usual one reads appsettings.json of the current folder, which may be a repository that an agent works in.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ApplicationName = typeof(PortalApp).Assembly.GetName().Name,
            ContentRootPath = AppContext.BaseDirectory,
            EnvironmentName = Environments.Production,
        });
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 16 * 1024;
            kestrel.Limits.MaxConcurrentConnections = 64;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Listen(options.Listen, listen => listen.Protocols = HttpProtocols.Http1);
        });

        var desk = new SignInDesk(options.Time);
        builder.Services.AddSingleton(desk);
        builder.Services.AddSingleton(options.Audit);
        builder.Services.AddSingleton(options.Time);
        builder.Services.AddSingleton(options.Status);
        builder.Services.AddSingleton(new SpendSource(options.Records, options.Prices ?? PriceCatalogue.LoadBuiltIn(), options.BudgetUsd));
        if (options.Questions is not null)
        {
            builder.Services.AddSingleton(options.Questions);
        }

        if (options.Reports is not null)
        {
            builder.Services.AddSingleton(options.Reports);
        }

        builder.Services.AddRouting();
        builder.Services.Configure<KeyManagementOptions>(o => o.XmlRepository = new InMemoryKeys());
        builder.Services.AddAntiforgery(o =>
        {
            o.Cookie.Name = "guard-form";
            o.Cookie.HttpOnly = true;
            o.Cookie.SameSite = SameSiteMode.Strict;
            o.SuppressXFrameOptionsHeader = true;
        });
        builder.Services
            .AddRazorPages(o =>
            {
                PortalPages.KeepOnly(o, isServer: false);
                o.Conventions.AllowAnonymousToPage("/SignIn");
            })
            .ConfigureApplicationPartManager(parts =>
            {
                // Only our own pages, whatever program hosts us.
                parts.ApplicationParts.Clear();
                foreach (var part in ApplicationPartFactory.GetApplicationPartFactory(typeof(PortalApp).Assembly).GetApplicationParts(typeof(PortalApp).Assembly))
                {
                    parts.ApplicationParts.Add(part);
                }
            });
        builder.Services.AddSingleton<IHostLifetime, HostedLifetime>();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(2));

        var app = builder.Build();
        var gate = new RequestGate(desk);
        app.Use(ResponseHeaders.Add);
        app.Use((context, next) => ErrorPage.Guard(context, next, "The broker itself goes on guarding; 'guard doctor' says more."));
        app.UseRouting();
        app.Use(gate.Check);
        app.MapAssets();
        app.MapRazorPages();
        return new PortalApp(app, desk, options.Listen);
    }

    /// <summary>Begins to listen.</summary>
    /// <param name="cancellation">Stops starting.</param>
    /// <exception cref="PortalException">The port is taken, or the address cannot be bound.</exception>
    public async Task StartAsync(CancellationToken cancellation = default)
    {
        try
        {
            await _app.StartAsync(cancellation);
        }
        catch (IOException e)
        {
            throw new PortalException($"The portal cannot listen on {_listen} ({(e.InnerException ?? e).GetType().Name}): the port is probably taken.", "Choose another with --portal 127.0.0.1:PORT; port 0 takes a free one.");
        }
        catch (System.Net.Sockets.SocketException e)
        {
            throw new PortalException($"The portal cannot listen on {_listen} ({e.SocketErrorCode}).", "Choose another with --portal 127.0.0.1:PORT; port 0 takes a free one.");
        }

        Url = new Uri(_app.Urls.Single());
    }

    /// <summary>Stops listening; running answers get two seconds.</summary>
    /// <param name="cancellation">Stops waiting.</param>
    public Task StopAsync(CancellationToken cancellation = default) => _app.StopAsync(cancellation);

    /// <summary>
    /// A fresh sign-in link: good for one sign-in within 60 seconds. Show it to a person on a terminal and nowhere else. The token is in the
    /// fragment, which browsers do not send: a preview or prefetch of the link cannot use it up, and no log holds it.
    /// </summary>
    public Uri MintLink()
    {
        var (hostId, token) = _desk.Mint();
        return new Uri($"http://{hostId}.localhost:{Url.Port}/sign-in#{token}");
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
