using System.Net;
using LocalFirst.Guard.Portal.SignIn;
using Xunit;

namespace LocalFirst.Guard.Tests.Portal;

public sealed class SignInTests
{
    [Fact]
    public async Task A_link_signs_in_once()
    {
        await using var portal = await PortalFixture.StartAsync();
        using var browser = await portal.SignInAsync();
        using var page = await browser.GetAsync("/");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);

        browser.Cookies.Clear();
        using var again = await browser.SignInAsync();
        Assert.NotEqual(HttpStatusCode.Found, again.StatusCode);
        using var refused = await browser.GetAsync("/");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    [Fact]
    public async Task The_link_leads_to_its_own_random_host_and_keeps_the_token_out_of_requests()
    {
        await using var portal = await PortalFixture.StartAsync();
        var (first, second) = (portal.App.MintLink(), portal.App.MintLink());
        Assert.Matches("^[0-9a-f]{32}\\.localhost$", first.Host);
        Assert.Equal(portal.Port, first.Port);
        Assert.NotEqual(first.Host, second.Host);
        Assert.Equal("/sign-in", first.PathAndQuery);
        Assert.Matches("^#[0-9a-f]{64}$", first.Fragment);
    }

    [Fact]
    public async Task Looking_at_the_page_does_not_use_the_link_up()
    {
        await using var portal = await PortalFixture.StartAsync();
        using var browser = portal.Open();
        for (var i = 0; i < 3; i++)
        {
            using var preview = await browser.GetAsync("/sign-in");
            Assert.Equal(HttpStatusCode.OK, preview.StatusCode);
        }

        using var answer = await browser.SignInAsync();
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
    }

    [Fact]
    public async Task A_link_ends_after_a_minute()
    {
        await using var portal = await PortalFixture.StartAsync();
        using var browser = portal.Open();
        var form = await browser.FormTokenAsync("/sign-in");
        portal.Time.Advance(SignInDesk.LinkLifetime);
        using var answer = await browser.PostAsync("/sign-in", ("token", browser.Token), ("__RequestVerificationToken", form));
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.DoesNotContain(browser.Cookies.Keys, k => k != "guard-form");
    }

    [Fact]
    public async Task A_token_works_only_on_its_own_host()
    {
        await using var portal = await PortalFixture.StartAsync();
        using var one = portal.Open();
        using var other = portal.Open();
        using var wrong = await one.SignInAsync(other.Token);
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        using var right = await one.SignInAsync();
        Assert.Equal(HttpStatusCode.Found, right.StatusCode);
    }

    [Fact]
    public async Task A_session_is_worth_nothing_on_another_host()
    {
        await using var portal = await PortalFixture.StartAsync();
        using var one = await portal.SignInAsync();
        using var other = await portal.SignInAsync();
        other.Cookies.Clear();
        foreach (var (name, value) in one.Cookies)
        {
            other.Cookies[name] = value;
        }

        using var answer = await other.GetAsync("/");
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task The_cookie_is_closed_to_scripts_other_sites_and_other_hosts()
    {
        await using var portal = await PortalFixture.StartAsync();
        using var browser = portal.Open();
        using var answer = await browser.SignInAsync();
        var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"), c => !c.StartsWith("guard-form", StringComparison.Ordinal)).ToLowerInvariant();
        Assert.Matches("^guard-[0-9a-f]{16}=[0-9a-f]{64};", cookie);
        Assert.Contains("httponly", cookie, StringComparison.Ordinal);
        Assert.Contains("samesite=strict", cookie, StringComparison.Ordinal);
        Assert.Contains("path=/", cookie, StringComparison.Ordinal);
        Assert.DoesNotContain("domain=", cookie, StringComparison.Ordinal);
        Assert.DoesNotContain("expires=", cookie, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_ends_after_eight_hours_of_work()
    {
        await using var portal = await PortalFixture.StartAsync();
        using var browser = await portal.SignInAsync();
        for (var i = 0; i < 15; i++)
        {
            portal.Time.Advance(TimeSpan.FromMinutes(30));
            using var working = await browser.GetAsync("/");
            Assert.Equal(HttpStatusCode.OK, working.StatusCode);
        }

        portal.Time.Advance(TimeSpan.FromMinutes(30));
        using var ended = await browser.GetAsync("/");
        Assert.Equal(HttpStatusCode.Unauthorized, ended.StatusCode);
    }

    [Fact]
    public async Task A_session_ends_after_an_idle_hour_even_while_the_list_refreshes_itself()
    {
        await using var portal = await PortalFixture.StartAsync();
        using var browser = await portal.SignInAsync();
        browser.IsRefresh = true;
        for (var i = 0; i < 5; i++)
        {
            portal.Time.Advance(TimeSpan.FromMinutes(10));
            using var refresh = await browser.GetAsync("/?handler=Rows");
            Assert.Equal(HttpStatusCode.OK, refresh.StatusCode);
        }

        portal.Time.Advance(TimeSpan.FromMinutes(10));
        using var ended = await browser.GetAsync("/?handler=Rows");
        Assert.Equal(HttpStatusCode.Unauthorized, ended.StatusCode);
    }

    [Fact]
    public async Task Signing_out_ends_the_session_on_the_server()
    {
        await using var portal = await PortalFixture.StartAsync();
        using var browser = await portal.SignInAsync();
        var kept = new Dictionary<string, string>(browser.Cookies);
        using var answer = await browser.PostAsync("/sign-out", ("__RequestVerificationToken", await browser.FormTokenAsync("/")));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        foreach (var (name, value) in kept)
        {
            browser.Cookies[name] = value;
        }

        using var after = await browser.GetAsync("/");
        Assert.Equal(HttpStatusCode.Unauthorized, after.StatusCode);
    }

    [Fact]
    public async Task Signing_out_takes_a_post_with_its_form_token()
    {
        await using var portal = await PortalFixture.StartAsync();
        using var browser = await portal.SignInAsync();
        using var get = await browser.GetAsync("/sign-out");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, get.StatusCode);
        using var bare = await browser.PostAsync("/sign-out");
        Assert.Equal(HttpStatusCode.BadRequest, bare.StatusCode);
        using var page = await browser.GetAsync("/");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
    }

    [Fact]
    public void A_flood_of_links_keeps_memory_bounded_and_sessions_alive()
    {
        var desk = new SignInDesk(TimeProvider.System);
        var (hostId, token) = desk.Mint();
        var made = desk.Exchange(hostId, token)!;
        for (var i = 0; i < 2000; i++)
        {
            desk.Mint();
        }

        Assert.NotNull(desk.Find(hostId, name => name == made.Session.CookieName ? made.Secret : null, isUse: true));
    }
}
