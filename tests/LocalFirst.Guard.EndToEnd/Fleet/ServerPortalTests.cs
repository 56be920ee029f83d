using LocalFirst.Guard.Audit;
using LocalFirst.Guard.EndToEnd.Portal;
using Microsoft.Playwright;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Fleet;

/// <summary>The server's portal in a real browser, with a real directory behind it.</summary>
public sealed class ServerPortalTests(SignInFixture fixture) : IClassFixture<SignInFixture>
{
    /// <summary>What a device that means harm would like the security engineer's browser to do.</summary>
    private const string Hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>";

    private FleetServer Server => fixture.Server;

    [Theory]
    [InlineData("auditor", "/policies/strict", "strict")]
    [InlineData("writer", "/new-policy?from=strict", "New policy")]
    [InlineData("auditor", "/new-policy", "Your account may not see this")]
    [InlineData("writer", "/exchanges", "Your account may not see this")]
    [InlineData("member", "/", "Your account may not see this")]
    [InlineData("member", "/policies", "Your account may not see this")]
    public async Task Sign_in_leads_to_the_page_that_was_asked_for_as_far_as_the_roles_go(string person, string path, string heading)
    {
        await using var chromium = await Chromium.StartAsync();
        var watched = await SignInAsync(chromium, person, path);

        Assert.Equal(new Uri(Server.Url, path).ToString(), watched.Page.Url);
        Assert.Equal(heading, await watched.Page.Locator("h1").InnerTextAsync());
    }

    [Fact]
    public async Task A_policy_is_written_and_assigned_in_the_portal_and_reaches_the_device()
    {
        using var device = await EnrolledDevice.EnrolAsync(Server, "finance laptop", "group-finance");
        await using var chromium = await Chromium.StartAsync();
        var watched = await SignInAsync(chromium, "admin", "/new-policy");
        var page = watched.Page;

        // 1  A mistake is shown at its line, and what was typed is still there.
        await page.FillAsync("#Text", "name: finance\nversion: \"1\"\nrules:\n  - id: all-stays\n    when: {provider: \"*\"}\n    than: local\n    reason: Finance keeps everything.\n");
        await page.ClickAsync("text=Check and save");
        await page.GetByRole(AriaRole.Heading, new() { Name = "Not saved" }).SeenAsync();
        Assert.Contains("Line 6 of the policy", await page.Locator("[role=alert]").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Equal("6", await page.Locator("mark").InnerTextAsync());
        await ShootAsync(watched, "policy-mistake");

        // 2  Mended and assigned.
        await page.FillAsync("#Text", (await page.InputValueAsync("#Text")).Replace("than:", "then:", StringComparison.Ordinal));
        await page.ClickAsync("text=Check and save");
        await page.GetByText("If it goes to any provider, it is answered by the local model.").SeenAsync();
        await ShootAsync(watched, "policy");
        await page.GotoAsync(new Uri(Server.Url, "/assignments/edit").ToString());
        await page.FillAsync("[name='Rows[0].Id']", "finance");
        await page.SelectOptionAsync("[name='Rows[0].Policy']", "finance");
        await page.FillAsync("[name='Rows[0].Include']", "group-finance");
        await ShootAsync(watched, "assignments-edit");
        await page.ClickAsync("text=Check and save");
        await page.GetByRole(AriaRole.Link, new() { Name = "finance" }).SeenAsync();
        await ShootAsync(watched, "assignments");

        // 3  The device is told, and the portal tells why.
        Assert.Equal("finance", (await device.FetchPolicyAsync()).ToPolicy().Name);
        await page.GotoAsync(new Uri(Server.Url, "/explain?person=oid-member").ToString());
        await page.GetByText("finance assigns the policy 'finance' through the group group-finance (priority 0).").SeenAsync();
        await ShootAsync(watched, "explain");
        AssertNothingAmiss(watched);
    }

    [Fact]
    public async Task What_devices_and_people_write_runs_nowhere()
    {
        using var device = await EnrolledDevice.EnrolAsync(Server, Hostile, Hostile.Replace(' ', '/'));
        await device.SendAsync(HostileDecision(), new OutcomeRecord
        {
            Time = DateTimeOffset.UtcNow,
            Exchange = "01JD8XK2T5V6W7Y8Z9ABCDEFGH",
            Result = "forwarded",
            Status = 200,
            BytesOut = 48213,
            BytesIn = 100,
            AnsweredBy = Hostile,
            Error = Hostile,
        });
        await using var chromium = await Chromium.StartAsync();
        var watched = await SignInAsync(chromium, "admin", "/");
        var page = watched.Page;
        await page.GotoAsync(new Uri(Server.Url, "/new-policy").ToString());
        await page.FillAsync("#Text", $"name: hostile\nversion: \"{Hostile}\"\nrules:\n  - id: a\n    when: {{provider: \"*\"}}\n    then: allow\n    reason: \"{Hostile}</textarea>\"\n# </textarea>{Hostile}\n");
        await page.ClickAsync("text=Check and save");
        await page.GetByRole(AriaRole.Heading, new() { Name = "hostile" }).SeenAsync();

        foreach (var (path, name) in new[]
        {
            ("/", "devices"),
            ($"/devices/{device.Id}", "device"),
            ($"/devices/{device.Id}/revoke", "revoke"),
            ("/exchanges", "exchanges"),
            ($"/exchanges/{device.Id}/01JD8XK2T5V6W7Y8Z9ABCDEFGH", "exchange"),
            ("/people", "people"),
            ("/explain?person=oid-member", "explain-hostile"),
            ("/policies", "policies"),
            ("/policies/hostile", "policy-hostile"),
            ("/policies/hostile/edit", "policy-edit"),
            ("/logs", "logs"),
            ($"/logs/{device.Id}/1?leaf=0", "log"),
            ("/server-log", "server-log"),
        })
        {
            var answer = await page.GotoAsync(new Uri(Server.Url, path).ToString());
            Assert.Equal(200, answer!.Status);
            Assert.Equal(0, await page.Locator("img[src=x]").CountAsync());
            Assert.Equal(0, await page.Locator("script").CountAsync());
            if (name is not ("policies" or "logs" or "server-log" or "people"))
            {
                Assert.Contains("alert(2)", await page.Locator("body").InnerTextAsync() + await TypedAsync(page), StringComparison.Ordinal);
            }

            await ShootAsync(watched, name);
        }

        AssertNothingAmiss(watched);
    }

    private static async Task<string> TypedAsync(IPage page) =>
        string.Concat(await Task.WhenAll((await page.Locator("textarea").AllAsync()).Select(t => t.InputValueAsync())));

    private static DecisionRecord HostileDecision() => new()
    {
        Time = DateTimeOffset.UtcNow,
        Exchange = "01JD8XK2T5V6W7Y8Z9ABCDEFGH",
        Client = Hostile,
        Provider = Hostile,
        Host = Hostile,
        Method = "POST",
        Endpoint = "/v1/messages",
        Api = "anthropic-messages",
        Entry = "connect",
        Model = Hostile,
        State = "complete",
        StateReason = Hostile,
        BodyBytes = 48213,
        BodyHash = new string('b', 64),
        Parts = 27,
        FindingCount = 1,
        Findings = [new RecordedFinding("secrets", Hostile, Hostile, 1, 0.99, Hostile, 0, 40, "9f86d081884c7d65")],
        Action = "allow",
        Reasons = [new RecordedReason(Hostile, "allow", Hostile, Hostile)],
        Policy = Hostile,
        PolicyVersion = Hostile,
        PolicyHash = new string('c', 64),
    };

    private static void AssertNothingAmiss(WatchedPage watched)
    {
        // Neither a dialog nor a complaint of the browser about the policy that would have stopped one; it does mention the form that was refused.
        Assert.DoesNotContain(watched.Errors, e => !e.Contains("status of 422", StringComparison.Ordinal));
        var own = watched.Responses.Where(r => r.Headers.ContainsKey("content-security-policy") && r.Headers["content-security-policy"].Contains("frame-ancestors 'none'", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(own);
        Assert.All(own, r => Assert.Contains("script-src 'self'", r.Headers["content-security-policy"], StringComparison.Ordinal));
    }

    private async Task<WatchedPage> SignInAsync(Chromium chromium, string person, string path)
    {
        var page = await chromium.NewTrustingPageAsync();
        await page.GotoAsync(new Uri(Server.Url, path).ToString());
        await page.FillAsync("input[name=login]", person);
        await page.FillAsync("input[name=password]", "any");
        await page.ClickAsync("form:has(input[name=prompt][value=login]) button[type=submit]");
        await page.ClickAsync("form:has(input[name=prompt][value=consent]) button[type=submit]");
        await page.WaitForURLAsync(url => url.StartsWith(Server.Url.ToString(), StringComparison.Ordinal) && !url.Contains("signin-oidc", StringComparison.Ordinal));

        // From here on everything is this server's.
        return new WatchedPage(page);
    }

    /// <summary>For people to look at: wide, narrow and dark.</summary>
    private static async Task ShootAsync(WatchedPage watched, string name)
    {
        if (Environment.GetEnvironmentVariable("GUARD_SCREENSHOTS") is not { Length: > 0 })
        {
            return;
        }

        await watched.PictureAsync($"server-{name}");
        await watched.Page.SetViewportSizeAsync(420, 800);
        await watched.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Dark });
        await watched.PictureAsync($"server-{name}-narrow-dark");
        await watched.Page.SetViewportSizeAsync(1280, 800);
        await watched.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Light });
    }
}
