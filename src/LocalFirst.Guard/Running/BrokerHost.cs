using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Configuration;
using LocalFirst.Guard.Exchanges;
using LocalFirst.Guard.Inspection;
using LocalFirst.Guard.Interception;
using LocalFirst.Guard.Interception.Certificates;
using LocalFirst.Guard.LocalModels;
using LocalFirst.Guard.LocalModels.Hosting;
using LocalFirst.Guard.MachineSetup.Trust;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Portal;
using LocalFirst.Guard.Portal.Control;
using LocalFirst.Guard.Protocols;
using LocalFirst.Guard.Questions;

namespace LocalFirst.Guard.Running;

/// <summary>
/// The composition root of a running broker: log first, so that everything after it can be recorded; listener last, so that nothing comes in
/// before all of it stands. Disposed in the reverse order.
/// </summary>
internal sealed class BrokerHost : IAsyncDisposable
{
    private readonly Stack<IAsyncDisposable> _owned = new();

    private BrokerHost(GuardHome home)
    {
        Home = home;
    }

    public GuardHome Home { get; }

    public Uri Proxy { get; private set; } = new("http://127.0.0.1");

    public Uri Portal { get; private set; } = new("http://127.0.0.1");

    /// <summary>The certificate that clients trust, PEM file.</summary>
    public string RootCertificate => Path.Combine(Home.CertificateAuthority, CertificateAuthority.RootFile);

    public required AuditLog Log { get; init; }

    public required IChatExecutor Executor { get; init; }

    public required PortalApp PortalApp { get; init; }

    /// <summary>Starts everything.</summary>
    /// <param name="home">State folder.</param>
    /// <param name="settings">What <c>guard.yaml</c> and the flags say.</param>
    /// <param name="cancellation">Stops starting.</param>
    public static async Task<BrokerHost> StartAsync(GuardHome home, GuardSettings settings, CancellationToken cancellation)
    {
        var owned = new Stack<IAsyncDisposable>();
        try
        {
            return await ComposeAsync(home, settings, owned, cancellation);
        }
        catch
        {
            while (owned.TryPop(out var started))
            {
                await started.DisposeAsync();
            }

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

    private static async Task<BrokerHost> ComposeAsync(GuardHome home, GuardSettings settings, Stack<IAsyncDisposable> owned, CancellationToken cancellation)
    {
        var time = TimeProvider.System;
        home.EnsureExists();
        var policy = PolicyFile.Resolve(settings.Policy);
        var upstreams = ReadUpstreams(settings);

        var logOptions = new AuditLogOptions { DatabasePath = home.AuditDatabase, KeysFolder = home.Keys, TimeProvider = time };
        var log = Own(owned, await AuditLog.OpenAsync(logOptions, cancellation));
        var fleet = Own(owned, FleetLink.Open(home, settings, policy, log, time));
        var records = await AuditReader.OpenAsync(logOptions, cancellation);
        var catalogue = ProviderCatalogue.LoadBuiltIn();
        var authority = CertificateAuthority.OpenOrCreate(home.CertificateAuthority, [.. catalogue.Providers.SelectMany(p => p.Hosts)], time);
        owned.Push(new Owned(authority));
        using (var root = X509Certificate2.CreateFromPem(authority.RootPem))
        {
            TrustBundle.Write(Path.Combine(home.CertificateAuthority, "bundle.pem"), SystemRoots.Read(), root);
        }

        var executor = Executors.Create(home, settings);
        if (executor is IAsyncDisposable disposable)
        {
            owned.Push(disposable);
        }

        var inspector = Inspector.Create(Inspections.OptionsOf(home, time));
        var cached = new CachedInspector(inspector, () => inspector.Generation);
        var clients = ClientCatalogue.LoadBuiltIn();
        var route = Routes.Create(settings, clients, records, time);
        var decide = new DecideStep(fleet.Policy.Decide, clients, executor);
        _ = WarmUp.StartAsync(catalogue, inspector, decide);
        var pipeline = Own(owned, new ExchangePipeline(
            new RequestDecoder(),
            new InspectStep(cached),
            decide,
            log,
            executor,
            time,
            new TermsResolver(TermsCatalogue.LoadBuiltIn(), settings.Plans),
            route));

        var questions = await QuestionSource.OpenDeviceAsync(home, settings, cancellation);
        var proxyAddress = settings.Listen.ToString();
        var portal = Own(owned, PortalApp.Build(new PortalOptions
        {
            Listen = settings.Portal,
            Audit = log,
            Questions = questions,
            Reports = new ReportDesk(ReportWriters.Over(questions, isFleet: false), journal: null),
            Time = time,
            Status = () => StatusOf(fleet, executor, proxyAddress),
            Records = records,
            Prices = route.Prices,
            BudgetUsd = () => fleet.Policy.Now.Policy.MonthlyBudgetUsd,
        }));
        await Listening("portal", settings.Portal, () => portal.StartAsync(cancellation));

        GuardHome.CreatePrivate(home.Run);
        Own(owned, await PortalControlServer.StartAsync(home.Run, portal.MintLink));

        var events = Own(owned, new AuditedEvents(log, time));
        var broker = default(Broker)!;
        await Listening("listen", settings.Listen, async () => broker = Own(owned, await Broker.StartAsync(
            new BrokerOptions
            {
                Listen = settings.Listen,
                Catalogue = catalogue,
                Authority = authority,
                Pipeline = pipeline,
                Events = events,
                Upstreams = upstreams,
                Time = time,
            },
            cancellation)));

        proxyAddress = broker.Address.ToString();
        if (HostOf(executor) is { } modelHost)
        {
            owned.Push(new ModelHostReport(modelHost, log, time));
        }

        if (authority.Notice is { } notice)
        {
            await Console.Error.WriteLineAsync($"guard: {notice}");
            await log.AppendAsync(new EventRecord { Time = time.GetUtcNow(), Name = "certificate-authority", Detail = notice }, cancellation);
        }

        policy = fleet.Policy.Now.Policy;
        await log.AppendAsync(
            new EventRecord
            {
                Time = time.GetUtcNow(),
                Name = "broker-started",
                Detail = $"{fleet.Described}Policy {policy.Name} {policy.Version} ({policy.Hash[..12]}). Local model: {executor.Status.Description}",
            },
            cancellation);

        fleet.Start();
        var host = new BrokerHost(home)
        {
            Log = log,
            Executor = executor,
            PortalApp = portal,
            Proxy = new Uri($"http://{broker.Address}"),
            Portal = portal.Url,
        };
        foreach (var item in owned.Reverse())
        {
            host._owned.Push(item);
        }

        return host;
    }

    private static T Own<T>(Stack<IAsyncDisposable> owned, T item)
        where T : IAsyncDisposable
    {
        owned.Push(item);
        return item;
    }

    private static async Task Listening(string option, System.Net.IPEndPoint address, Func<Task> start)
    {
        try
        {
            await start();
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new GuardException($"{address} cannot be listened on ({Innermost(e)}).", $"Another program, perhaps another guard, has the port: end it, or choose another with --{option} 127.0.0.1:PORT (0 takes a free one).");
        }
    }

    private static string Innermost(Exception e)
    {
        for (var at = e; at is not null; at = at.InnerException)
        {
            if (at is SocketException socket)
            {
                return socket.SocketErrorCode.ToString();
            }
        }

        return e.GetType().Name;
    }

    /// <summary>The configured upstreams with their extra roots.</summary>
    /// <exception cref="GuardException">The roots cannot be read.</exception>
    internal static UpstreamMap ReadUpstreams(GuardSettings settings)
    {
        var roots = new X509Certificate2Collection();
        if (settings.UpstreamTrust is { } path)
        {
            try
            {
                roots.ImportFromPemFile(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
            {
                throw new GuardException($"guard.yaml, upstreamTrust: {path} cannot be read as PEM certificates ({e.GetType().Name}).", "Name a file with one or more -----BEGIN CERTIFICATE----- blocks.");
            }

            if (roots.Count == 0)
            {
                throw new GuardException($"guard.yaml, upstreamTrust: {path} holds no certificate.", "Name a file with one or more -----BEGIN CERTIFICATE----- blocks.");
            }
        }

        return new UpstreamMap(settings.Upstreams, roots);
    }

    private static PortalStatus StatusOf(FleetLink fleet, IChatExecutor executor, string proxy)
    {
        var policy = fleet.Policy.Now.Policy;
        var status = executor.Status;
        var confined = HostOf(executor) is { } host ? host.IsConfined : null;
        return new PortalStatus(policy.Name, policy.Version, status.Description, status.Available, ConfinementWord(confined), confined, proxy, fleet.Status, fleet.IsWell);
    }

    private static string ConfinementWord(bool? confined) => confined switch
    {
        true => "confined",
        false => "unconfined",
        null => "no model process of ours runs",
    };

    private static ModelHostSupervisor? HostOf(IChatExecutor executor) => executor switch
    {
        ModelHostSupervisor host => host,
        ConfinedExecutor confined => confined.Host,
        _ => null,
    };

    private sealed class Owned(IDisposable inner) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            inner.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
