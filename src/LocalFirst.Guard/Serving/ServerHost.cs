using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Audit.Ingest;
using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.Audit.Questions;
using LocalFirst.Guard.Configuration;
using LocalFirst.Guard.Fleet.Api;
using LocalFirst.Guard.Fleet.Assignments;
using LocalFirst.Guard.Fleet.Bundles;
using LocalFirst.Guard.Fleet.SignIn;
using LocalFirst.Guard.Policies.Assignment;
using LocalFirst.Guard.Portal;
using LocalFirst.Guard.Portal.Reports;
using LocalFirst.Guard.Questions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace LocalFirst.Guard.Serving;

/// <summary>The composition root of the fleet's server: database and log first, listener last.</summary>
internal sealed class ServerHost : IAsyncDisposable
{
    private readonly Stack<IAsyncDisposable> _owned = new();

    private ServerHost()
    {
    }

    /// <summary>Where it listens, with the real port.</summary>
    public Uri Url { get; private set; } = new("http://127.0.0.1");

    /// <summary>Its services, for tests.</summary>
    internal IServiceProvider Services { get; private set; } = null!;

    /// <summary>Its endpoints, for the test that each of them says who may use it.</summary>
    internal IReadOnlyList<Endpoint> Endpoints { get; private set; } = [];

    /// <summary>Starts everything.</summary>
    /// <param name="home">State folder.</param>
    /// <param name="settings">The <c>fleet</c> section with the flags over it.</param>
    /// <param name="azureAd">The <c>azureAd</c> section.</param>
    /// <param name="plans">The <c>plans</c> section.</param>
    /// <param name="cancellation">Stops starting.</param>
    /// <param name="more">Changes services before they are built, for tests; null for none.</param>
    public static async Task<ServerHost> StartAsync(GuardHome home, FleetSettings settings, IReadOnlyDictionary<string, string> azureAd, IReadOnlyDictionary<string, IReadOnlyList<string>> plans, CancellationToken cancellation, Action<IServiceCollection>? more = null)
    {
        var host = new ServerHost();
        try
        {
            await host.ComposeAsync(home, settings, azureAd, plans, more, cancellation);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        while (_owned.TryPop(out var started))
        {
            await started.DisposeAsync();
        }
    }

    private async Task ComposeAsync(GuardHome home, FleetSettings settings, IReadOnlyDictionary<string, string> azureAd, IReadOnlyDictionary<string, IReadOnlyList<string>> plans, Action<IServiceCollection>? more, CancellationToken cancellation)
    {
        var time = TimeProvider.System;
        var directory = new DirectorySettings(DirectorySettings.Configuration(azureAd));
        var certificate = CertificateOf(settings);
        home.EnsureExists();

        // 1  What outlives the process. The server's own log stays in its home even where the database is in the network: a log has one writer, or it
        //    signs two histories, so each of several processes that share a database keeps one of its own, out of the reach of who runs the database.
        var log = await AuditLog.OpenAsync(new AuditLogOptions { DatabasePath = home.AuditDatabase, KeysFolder = home.Keys, TimeProvider = time }, cancellation);
        _owned.Push(log);
        var database = await FleetDatabase.OpenAsync(settings.Database ?? Path.Combine(home.Root, "fleet.db"), time, cancellation);
        var keys = FleetKeys.Open(home.Keys);
        await FleetIdentity.ClaimAsync(database.Store, keys, home.Keys, time, cancellation);
        var journal = new ServerJournal(log, time);
        var assignments = await AssignmentsAsync(settings, database.Store, journal, time, cancellation);

        // 2  The web server. Empty builder: no settings are read from the current folder.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory, EnvironmentName = Environments.Production });
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = LogIngest.MaxEntriesBytes;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Listen(settings.Listen, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                if (certificate is not null)
                {
                    listen.UseHttps(certificate);
                }
            });
        });
        builder.WebHost.UseKestrelHttpsConfiguration();
        var services = builder.Services;
        services.AddRoutingCore();
        services.AddSingleton(keys);
        services.AddSingleton(time);
        services.AddSingleton(database.Store);
        services.AddSingleton(database.Records);
        services.AddSingleton(database.IngestWith(keys.Cosigner));
        services.AddSingleton<IServerJournal>(journal);
        services.AddSingleton<IAuditReader>(log);
        services.AddSingleton(assignments);
        services.AddSingleton<SignInDesk>();
        services.AddSingleton(provider => new BundleMaker(database.Store, keys, time, TimeSpan.FromDays(settings.BundleDays), assignments));
        services.AddSingleton(QuestionSource.Over(database.Records, plans));
        services.AddSingleton<IReportDesk>(provider => new ReportDesk(ReportWriters.Over(provider.GetRequiredService<TwoQuestions>(), isFleet: true), provider.GetRequiredService<IServerJournal>()));
        services.AddDataProtection().SetApplicationName("LocalFirst.Guard").PersistKeysToFileSystem(SessionKeys(home));
        services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(4));
        DirectorySignIn.Add(services, directory, certificate is not null);
        ServerPortal.Add(services);
        more?.Invoke(services);

        var app = builder.Build();
        _owned.Push(app);
        Services = app.Services;
        ServerPortal.Use(app);
        app.Use(new ServerTroubles(time, message => Console.Error.WriteLine($"guard server: {message}")).Guard);
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        FleetApi.Map(app, settings.Name);
        ServerPortal.Map(app, code => SignInProblem.Of(code) is var problem ? (problem.Title, problem.Text, problem.IsOutage) : default);
        Endpoints = [.. ((IEndpointRouteBuilder)app).DataSources.SelectMany(s => s.Endpoints)];

        // 3  Listen.
        try
        {
            await app.StartAsync(cancellation);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new GuardException($"{settings.Listen} cannot be listened on.", "Another program has the port: end it, or choose another with --listen IP:PORT (0 takes a free one).");
        }

        Url = new Uri(app.Urls.Single());
        await log.AppendAsync(new EventRecord { Time = time.GetUtcNow(), Name = "server-started", Detail = $"Fleet {keys.FleetId} on {Url.Authority}." }, cancellation);
    }

    private static async Task<IAssignmentSource> AssignmentsAsync(FleetSettings settings, IFleetStore store, IServerJournal journal, TimeProvider time, CancellationToken cancellation) =>
        settings.Assignments is { } file ? await AssignmentsInFile.OpenAsync(file, store, journal, time, cancellation) : new StoredAssignments(store);

    private static X509Certificate2? CertificateOf(FleetSettings settings)
    {
        if (settings.Certificate is null)
        {
            return IPAddress.IsLoopback(settings.Listen.Address)
                ? null
                : throw new GuardException($"The server cannot listen on {settings.Listen} without TLS: sign-ins and records would cross the network in the clear.", "Name a certificate with fleet.certificate and fleet.certificateKey in guard.yaml, or listen on loopback behind a proxy that ends TLS.");
        }

        try
        {
            using var read = X509Certificate2.CreateFromPemFile(settings.Certificate, settings.CertificateKey);
            if (read.NotAfter < DateTime.Now)
            {
                throw new GuardException($"The certificate {settings.Certificate} expired on {read.NotAfter.ToUniversalTime():u}: no device and no browser would accept it.", "Renew it, and name the new files with fleet.certificate and fleet.certificateKey; if the date is wrong, set this machine's clock.");
            }

            // Kestrel on some systems cannot use a key that exists in memory only; the round trip makes it usable everywhere.
            return X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), null);
        }
        catch (ArgumentException)
        {
            throw new GuardException($"The key {settings.CertificateKey ?? settings.Certificate} does not belong to the certificate {settings.Certificate}.", "Name the key that the certificate was issued for with fleet.certificateKey.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new GuardException($"The certificate {settings.Certificate} or its key cannot be read ({e.GetType().Name}).", "Name two PEM files with fleet.certificate and fleet.certificateKey; the key without a password.");
        }
    }

    // The keys of the session cookies. They lie beside the server's other keys, for its own account alone; at rest the disk's encryption protects them.
    private static DirectoryInfo SessionKeys(GuardHome home)
    {
        var folder = Path.Combine(home.Keys, "sessions");
        GuardHome.CreatePrivate(folder);
        return new DirectoryInfo(folder);
    }
}
