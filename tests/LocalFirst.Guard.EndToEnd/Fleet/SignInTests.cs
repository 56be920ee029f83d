using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using LocalFirst.Guard.EndToEnd.Portal;
using Microsoft.Playwright;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Fleet;

/// <summary>One server and its directory for all sign-in tests.</summary>
public sealed class SignInFixture : IAsyncLifetime
{
    private FleetServer? _server;

    internal FleetServer Server => _server!;

    public async ValueTask InitializeAsync() => _server = await FleetServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}

/// <summary>Who comes into the server, and who does not: a real directory, a real browser, the real binary.</summary>
public sealed class SignInTests(SignInFixture fixture) : IClassFixture<SignInFixture>
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private FleetServer Server => fixture.Server;

    [Theory]
    [InlineData("admin")]
    [InlineData("auditor")]
    public async Task Who_may_read_the_audit_comes_in(string person)
    {
        await using var chromium = await Chromium.StartAsync();
        var page = await SignInAsync(chromium, person);

        Assert.Equal("Devices", await page.Locator("h1").InnerTextAsync());
        Assert.Contains($"{person}@example.test", await page.Locator("header").InnerTextAsync(), StringComparison.Ordinal);
        await ShootAsync(page, $"server-devices-{person}");

        await page.ClickAsync("text=Sign out");
        Assert.Equal("Signed out", await page.Locator("h1").InnerTextAsync());
        // The directory may remember the person; this server does not.
        Assert.DoesNotContain(await page.Context.CookiesAsync([Server.Url.ToString()]), c => c.Name == "__Host-guard");
    }

    [Fact]
    public async Task Without_the_role_the_page_says_which_is_missing()
    {
        await using var chromium = await Chromium.StartAsync();
        var page = await SignInAsync(chromium, "nobody");

        Assert.Contains("may not see this", await page.Locator("h1").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Contains("role", await page.Locator("main").InnerTextAsync(), StringComparison.Ordinal);
        await ShootAsync(page, "server-denied");
    }

    [Fact]
    public async Task What_the_fleet_spent_is_shown_to_whoever_may_read_the_audit_and_to_nobody_else()
    {
        await using var chromium = await Chromium.StartAsync();
        var page = await SignInAsync(chromium, "auditor");
        await page.ClickAsync("nav >> text=Spend");
        Assert.StartsWith("Spend in ", await page.Locator("h1").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Contains("Nothing was spent", await page.Locator("main").InnerTextAsync(), StringComparison.Ordinal);
        await ShootAsync(page, "server-spend");

        var other = await SignInAsync(chromium, "nobody");
        await other.GotoAsync(new Uri(Server.Url, "/spend").AbsoluteUri);
        Assert.Contains("may not see this", await other.Locator("h1").InnerTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_account_of_another_tenant_is_refused()
    {
        await using var chromium = await Chromium.StartAsync();
        var page = await SignInAsync(chromium, "stranger");

        Assert.Equal("Another directory", await page.Locator("h1").InnerTextAsync());
        await ShootAsync(page, "server-wrong-tenant");
    }

    [Fact]
    public async Task The_api_without_a_token_answers_401_and_never_a_page()
    {
        using var client = Server.NewClient();
        using var answer = await client.PostAsJsonAsync(new Uri("/api/devices", UriKind.Relative), new { }, Stop);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
    }

    [Theory]
    [InlineData("expired", 401, "not valid at this time")]
    [InlineData("audience", 401, "another application")]
    [InlineData("tenant", 401, "another directory")]
    [InlineData("role", 403, "Agent.Upload")]
    [InlineData("overage", 403, "more groups than a token can hold")]
    [InlineData("good", 400, "proof")]
    public async Task A_token_is_checked_before_anything_else(string kind, int status, string expected)
    {
        var token = await Server.Directory.MintAsync(Claims(kind));
        using var client = Server.NewClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await client.PostAsJsonAsync(new Uri("/api/devices", UriKind.Relative), new { device = "x", name = "x", publicKey = "x", proof = "x" }, Stop);

        var body = await answer.Content.ReadAsStringAsync(Stop);
        Assert.True((int)answer.StatusCode == status, $"{answer.StatusCode}: {body}");
        Assert.Contains(expected, body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_server_says_that_it_is_well_and_who_it_is()
    {
        using var client = Server.NewClient();

        Assert.Equal("ok\n", await client.GetStringAsync(new Uri("/healthz", UriKind.Relative), Stop));
        Assert.Equal("ready\n", await client.GetStringAsync(new Uri("/readyz", UriKind.Relative), Stop));
        var description = await client.GetFromJsonAsync<System.Text.Json.JsonElement>(new Uri("/.well-known/localfirst-guard", UriKind.Relative), Stop);
        Assert.Equal(Server.Directory.Issuer, description.GetProperty("authority").GetString());
        Assert.StartsWith("localfirst-guard-policy/", description.GetProperty("policyKey").GetString(), StringComparison.Ordinal);
    }

    private static object Claims(string kind) => kind switch
    {
        "expired" => Claims(expires: -3600),
        "audience" => Claims(aud: "somebody-else"),
        "tenant" => Claims(tid: "99999999-0000-4000-8000-000000000009"),
        "role" => Claims(role: "Audit.Read"),
        "overage" => Claims(names: "{\"groups\":\"src1\"}"),
        _ => Claims(),
    };

    private static Dictionary<string, object> Claims(int expires = 600, string? aud = null, string? tid = null, string role = "Agent.Upload", string? names = null)
    {
        var claims = new Dictionary<string, object>
        {
            ["sub"] = "member",
            ["oid"] = "oid-member",
            ["tid"] = tid ?? OidcProvider.Tenant,
            ["preferred_username"] = "member@example.test",
            ["roles"] = new[] { role },
            ["expires"] = expires,
        };
        if (aud is not null)
        {
            claims["aud"] = aud;
        }

        if (names is not null)
        {
            claims["_claim_names"] = names;
        }

        return claims;
    }

    private async Task<IPage> SignInAsync(Chromium chromium, string person)
    {
        var page = await chromium.NewTrustingPageAsync();
        await page.GotoAsync(Server.Url.ToString());
        await page.FillAsync("input[name=login]", person);
        await page.FillAsync("input[name=password]", "any");
        await page.ClickAsync("form:has(input[name=prompt][value=login]) button[type=submit]");
        await page.ClickAsync("form:has(input[name=prompt][value=consent]) button[type=submit]");
        await page.WaitForURLAsync(url => url.StartsWith(Server.Url.ToString(), StringComparison.Ordinal));
        return page;
    }

    /// <summary>For people to look at; kept only where a folder is named.</summary>
    private static async Task ShootAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("GUARD_SCREENSHOTS") is { Length: > 0 } folder)
        {
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, $"{name}.png"), FullPage = true });
        }
    }
}
