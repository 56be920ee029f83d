using System.Globalization;
using System.Net;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text.RegularExpressions;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Audit.Ingest;
using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.Configuration;
using LocalFirst.Guard.Serving;
using LocalFirst.Guard.Tests.Audit;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;
using NSec.Cryptography;
using Xunit;

namespace LocalFirst.Guard.Tests.Portal.Server;

/// <summary>
/// The fleet's server in this process, as <c>guard server</c> composes it: its own cookies, its own bearer check, its own database. Only the directory
/// is made up, since what it says at sign-in is tested with a real one elsewhere.
/// </summary>
public sealed partial class FleetPortal : IAsyncDisposable
{
    private const string Authority = "https://directory.test/v2.0";
    private const string ClientId = "22222222-0000-4000-8000-000000000002";

    private readonly TempLog _home;
    private readonly ServerHost _host;
    private readonly RsaSecurityKey _key;

    private FleetPortal(TempLog home, ServerHost host, RsaSecurityKey key) => (_home, _host, _key) = (home, host, key);

    internal Uri Url => _host.Url;

    internal IReadOnlyList<RouteEndpoint> Endpoints => [.. _host.Endpoints.OfType<RouteEndpoint>()];

    internal IFleetStore Store => _host.Services.GetRequiredService<IFleetStore>();

    public static async Task<FleetPortal> StartAsync(string? assignmentsFile = null)
    {
        var home = new TempLog();
        var key = new RsaSecurityKey(RSA.Create(2048)) { KeyId = "of-this-test" };
        var directory = new OpenIdConnectConfiguration
        {
            Issuer = Authority,
            AuthorizationEndpoint = "https://directory.test/authorize",
            TokenEndpoint = "https://directory.test/token",
            SigningKeys = { key },
        };
        var metadata = new StaticConfigurationManager<OpenIdConnectConfiguration>(directory);
        var settings = new FleetSettings { Listen = new IPEndPoint(IPAddress.Loopback, 0), Assignments = assignmentsFile };
        var azureAd = new Dictionary<string, string> { ["authority"] = Authority, ["clientId"] = ClientId };
        try
        {
            var host = await ServerHost.StartAsync(new GuardHome(home.Home), settings, azureAd, new Dictionary<string, IReadOnlyList<string>>(), TestContext.Current.CancellationToken, services =>
            {
                services.PostConfigure<OpenIdConnectOptions>(OpenIdConnectDefaults.AuthenticationScheme, o => o.ConfigurationManager = metadata);
                services.PostConfigure<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme, o =>
                {
                    o.ConfigurationManager = metadata;
                    o.Backchannel = new HttpClient(new DirectoryIsThere());
                });
            });
            return new FleetPortal(home, host, key);
        }
        catch
        {
            home.Dispose();
            throw;
        }
    }

    /// <summary>A browser without a session.</summary>
    internal Browser Anonymous() => new(Url);

    /// <summary>A browser of a person with these roles, with the session cookie that the server itself would have made.</summary>
    internal Browser SignedIn(params string[] roles)
    {
        var options = _host.Services.GetRequiredService<IOptionsMonitor<CookieAuthenticationOptions>>().Get(CookieAuthenticationDefaults.AuthenticationScheme);
        var now = DateTimeOffset.UtcNow;
        var properties = new AuthenticationProperties { IssuedUtc = now, ExpiresUtc = now.AddHours(1) };
        properties.SetString("began", now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture));
        var ticket = new AuthenticationTicket(new ClaimsPrincipal(new ClaimsIdentity(Claims(roles), "test", "preferred_username", "roles")), properties, CookieAuthenticationDefaults.AuthenticationScheme);
        var browser = new Browser(Url);
        browser.Cookies[options.Cookie.Name!] = options.TicketDataFormat.Protect(ticket);
        return browser;
    }

    /// <summary>A program with an access token that has these roles.</summary>
    internal Browser WithToken(params string[] roles)
    {
        var token = new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Authority,
            Audience = ClientId,
            Subject = new ClaimsIdentity([.. Claims(roles), new Claim("ver", "2.0")]),
            Expires = DateTime.UtcNow.AddMinutes(5),
            SigningCredentials = new SigningCredentials(_key, SecurityAlgorithms.RsaSha256),
        });
        return new Browser(Url) { Bearer = token };
    }

    /// <summary>Enrols a device and takes in its whole log; returns its id.</summary>
    internal async Task<string> ReceiveAsync(TempLog device, string name = "laptop", string person = "oid-ada", string personName = "ada@example.test", params string[] groups)
    {
        var stop = TestContext.Current.CancellationToken;
        using var keys = DeviceKeys.LoadOrCreate(device.Keys);
        await Store.SavePersonAsync(new FleetPerson(person, "tid", personName, groups, Some.Time), stop);
        await Store.EnrollAsync(new FleetDevice(keys.DeviceId, name, keys.PublicKey.Export(KeyBlobFormat.RawPublicKey), person, Some.Time, null, null, null), stop);
        if (!File.Exists(device.Database))
        {
            return keys.DeviceId;
        }

        var source = (await device.ReadAsync()).OpenUpload();
        var ingest = _host.Services.GetRequiredService<LogIngest>();
        var (body, size) = (await source.CheckpointAsync(1, 0, stop))!.Value;
        Assert.Equal(200, (await ingest.AddCheckpointAsync(keys.DeviceId, body, stop)).Status);
        for (var next = 0L; ;)
        {
            var answer = await ingest.AddEntriesAsync(keys.DeviceId, await source.EntriesAsync(1, next, size, stop), stop);
            if (answer.Status == 200)
            {
                return keys.DeviceId;
            }

            Assert.Equal(202, answer.Status);
            next = long.Parse(answer.Body.Split('\n')[1], CultureInfo.InvariantCulture);
        }
    }

    /// <summary>What the server wrote into its own log, <c>name: detail</c>, oldest first.</summary>
    internal async Task<IReadOnlyList<string>> JournalAsync()
    {
        var reader = await _home.ReadAsync();
        var events = new List<string>();
        await foreach (var record in reader.ReadAsync(DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue, TestContext.Current.CancellationToken))
        {
            if (record.Record is EventRecord happened)
            {
                events.Add($"{happened.Name}: {happened.Detail}");
            }
        }

        return events;
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _key.Rsa.Dispose();
        _home.Dispose();
    }

    private static IEnumerable<Claim> Claims(string[] roles) =>
    [
        new("sub", "grace"),
        new("oid", "oid-grace"),
        new("preferred_username", "grace@example.test"),
        .. roles.Select(r => new Claim("roles", r)),
    ];

    /// <summary>One side of the conversation with the server.</summary>
    internal sealed partial class Browser(Uri server) : IDisposable
    {
        private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false }) { BaseAddress = server };

        public Dictionary<string, string> Cookies { get; } = [];

        public string? Bearer { get; init; }

        /// <summary>The token of the last form that was seen.</summary>
        public string? FormToken { get; private set; }

        public Task<Page> GetAsync(string path) => SendAsync(new HttpRequestMessage(HttpMethod.Get, path));

        /// <summary>Sends a form, with the token that a page of this server gave.</summary>
        public async Task<Page> PostAsync(string path, params (string Name, string Value)[] fields)
        {
            if (FormToken is null)
            {
                // Every page has a form to sign out with, the denied one too.
                await GetAsync("/");
            }

            var form = fields.Select(f => KeyValuePair.Create(f.Name, f.Value));
            form = FormToken is null ? form : form.Append(KeyValuePair.Create("__RequestVerificationToken", FormToken));
            return await SendAsync(new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent(form) });
        }

        public async Task<Page> SendAsync(HttpRequestMessage request)
        {
            if (Cookies.Count > 0)
            {
                request.Headers.Add("Cookie", string.Join("; ", Cookies.Select(c => $"{c.Key}={c.Value}")));
            }

            if (Bearer is not null)
            {
                request.Headers.Authorization = new System.Net.Http.Headers.AuthenticationHeaderValue("Bearer", Bearer);
            }

            using var answer = await _client.SendAsync(request, TestContext.Current.CancellationToken);
            foreach (var cookie in answer.Headers.TryGetValues("Set-Cookie", out var values) ? values : [])
            {
                var pair = cookie.Split(';')[0].Split('=', 2);
                Cookies[pair[0]] = pair[1];
            }

            var html = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            if (Token().Match(html) is { Success: true } token)
            {
                FormToken = token.Groups[1].Value;
            }

            return new Page((int)answer.StatusCode, html, answer.Headers.Location?.ToString(), answer.Content.Headers.ContentDisposition?.FileName, answer.Headers.TryGetValues("Content-Security-Policy", out var policy) ? policy.Single() : null);
        }

        public void Dispose() => _client.Dispose();

        [GeneratedRegex("""name="__RequestVerificationToken"[^>]*value="([^"]+)""")]
        private static partial Regex Token();
    }

    /// <summary>An answer.</summary>
    internal sealed record Page(int Status, string Html, string? Location, string? FileName, string? ContentSecurityPolicy)
    {
        /// <summary>What a person reads: without tags, with one space between words.</summary>
        public string Text => Spaces().Replace(WebUtility.HtmlDecode(Tags().Replace(Html, " ")), " ");
    }

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Tags();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}

/// <summary>One server for all tests of a class.</summary>
public sealed class FleetPortalFixture : IAsyncLifetime
{
    private FleetPortal? _portal;

    public FleetPortal Portal => _portal!;

    public async ValueTask InitializeAsync() => _portal = await FleetPortal.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_portal is not null)
        {
            await _portal.DisposeAsync();
        }
    }
}

/// <summary>Answers that the directory is there, which is all that is asked of it over the network.</summary>
file sealed class DirectoryIsThere : HttpMessageHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK));
}
