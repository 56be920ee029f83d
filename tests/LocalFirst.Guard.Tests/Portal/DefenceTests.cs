using System.Net;
using LocalFirst.Guard.Portal;
using LocalFirst.Guard.Portal.Defences;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace LocalFirst.Guard.Tests.Portal;

public sealed class DefenceTests
{
    [Theory]
    [InlineData("127.0.0.1:{0}")]
    [InlineData("localhost:{0}")]
    [InlineData("0123456789abcdef0123456789abcdef.localhost:{0}")]
    [InlineData("evil.example:{0}")]
    [InlineData("evil.example")]
    public async Task A_host_that_no_link_made_is_misdirected(string host)
    {
        await using var portal = await PortalFixture.StartAsync();
        using var browser = await portal.SignInAsync();
        browser.Host = string.Format(System.Globalization.CultureInfo.InvariantCulture, host, portal.Port);
        foreach (var path in new[] { "/", "/sign-in", "/assets/portal.css", "/nope" })
        {
            using var answer = await browser.GetAsync(path);
            Assert.Equal(HttpStatusCode.MisdirectedRequest, answer.StatusCode);
        }
    }

    [Fact]
    public async Task The_right_host_with_another_port_is_misdirected()
    {
        await using var portal = await PortalFixture.StartAsync();
        using var browser = await portal.SignInAsync();
        browser.Host = browser.Host.Split(':')[0] + ":1";
        using var answer = await browser.GetAsync("/");
        Assert.Equal(HttpStatusCode.MisdirectedRequest, answer.StatusCode);
    }

    [Theory]
    [InlineData("https://evil.example", "cross-site")]
    [InlineData("https://evil.example", null)]
    [InlineData("null", "cross-site")]
    [InlineData("null", null)]
    [InlineData(null, null)]
    [InlineData(null, "same-origin")]
    public async Task A_post_from_another_page_is_refused(string? origin, string? site)
    {
        await using var portal = await PortalFixture.StartAsync();
        using var browser = portal.Open();
        var form = await browser.FormTokenAsync("/sign-in");
        (browser.Origin, browser.FetchSite) = (origin, site);
        using var answer = await browser.PostAsync("/sign-in", ("token", browser.Token), ("__RequestVerificationToken", form));
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);

        // Nothing was used up.
        (browser.Origin, browser.FetchSite) = ("null", "same-origin");
        using var own = await browser.PostAsync("/sign-in", ("token", browser.Token), ("__RequestVerificationToken", form));
        Assert.Equal(HttpStatusCode.Found, own.StatusCode);
    }

    [Theory]
    [InlineData("cross-site")]
    [InlineData("same-site")]
    public async Task A_page_asked_for_by_another_site_is_refused(string site)
    {
        await using var portal = await PortalFixture.StartAsync();
        using var browser = await portal.SignInAsync();
        browser.FetchSite = site;
        using var answer = await browser.GetAsync("/");
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Fact]
    public async Task A_sign_in_post_without_its_form_token_is_refused()
    {
        await using var portal = await PortalFixture.StartAsync();
        using var browser = portal.Open();
        using var answer = await browser.PostAsync("/sign-in", ("token", browser.Token));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Every_endpoint_but_sign_in_and_assets_needs_a_session()
    {
        await using var portal = await PortalFixture.StartAsync();
        var endpoints = portal.App.Endpoints.OfType<RouteEndpoint>().ToList();
        var open = endpoints.Where(e => e.Metadata.GetMetadata<IAllowAnonymous>() is not null).Select(e => "/" + e.RoutePattern.RawText!.TrimStart('/')).Distinct();
        Assert.Equal(["/assets/mark.svg", "/assets/portal.css", "/assets/portal.js", "/sign-in"], open.Order(StringComparer.Ordinal));

        var closed = endpoints.Where(e => e.Metadata.GetMetadata<IAllowAnonymous>() is null).Select(e => "/" + e.RoutePattern.RawText!.TrimStart('/')).Distinct().ToList();
        Assert.Equal(["/", "/exchanges/{id}", "/log", "/questions", "/reports", "/sign-out", "/spend"], closed.Order(StringComparer.Ordinal));
        using var signedOut = await portal.SignInAsync();
        signedOut.Cookies.Clear();
        foreach (var path in closed.Append("/nope").Append("/?handler=Rows"))
        {
            foreach (var method in new[] { HttpMethod.Get, HttpMethod.Post, HttpMethod.Head, HttpMethod.Put, HttpMethod.Delete, HttpMethod.Options })
            {
                using var answer = await signedOut.SendAsync(new HttpRequestMessage(method, path.Replace("{id}", "x", StringComparison.Ordinal)));
                Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            }
        }
    }

    [Fact]
    public async Task Before_the_click_a_page_leads_to_sign_in()
    {
        await using var portal = await PortalFixture.StartAsync();
        using var browser = portal.Open();
        using var answer = await browser.GetAsync("/log");
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        Assert.Equal("/sign-in", answer.Headers.Location!.OriginalString);
    }

    [Fact]
    public async Task Every_answer_carries_the_headers()
    {
        await using var portal = await PortalFixture.StartAsync();
        portal.Audit.Entries.Add(SomeExchange.KeptLocal(1, portal.Time.GetUtcNow()));
        using var browser = await portal.SignInAsync();
        var answers = new List<(string What, HttpResponseMessage Answer, HttpStatusCode Status)>();
        foreach (var path in new[] { "/", "/?handler=Rows", "/log", "/exchanges/" + SomeExchange.Id(1), "/assets/portal.css", "/assets/portal.js", "/assets/mark.svg" })
        {
            answers.Add((path, await browser.GetAsync(path), HttpStatusCode.OK));
        }

        answers.Add(("unknown address", await browser.GetAsync("/nope"), HttpStatusCode.NotFound));
        answers.Add(("unknown exchange", await browser.GetAsync("/exchanges/nope"), HttpStatusCode.NotFound));
        answers.Add(("no form token", await browser.PostAsync("/sign-out"), HttpStatusCode.BadRequest));
        browser.FetchSite = "cross-site";
        answers.Add(("cross-site", await browser.GetAsync("/"), HttpStatusCode.Forbidden));
        browser.FetchSite = null;
        portal.Audit.Failure = new InvalidOperationException("sk-secret-value");
        answers.Add(("broken", await browser.GetAsync("/"), HttpStatusCode.InternalServerError));
        browser.Cookies.Clear();
        answers.Add(("signed out", await browser.GetAsync("/"), HttpStatusCode.Unauthorized));
        answers.Add(("used link", await browser.GetAsync("/sign-in"), HttpStatusCode.Unauthorized));
        browser.Host = "evil.example";
        answers.Add(("wrong host", await browser.GetAsync("/"), HttpStatusCode.MisdirectedRequest));

        foreach (var (what, answer, status) in answers)
        {
            using (answer)
            {
                Assert.True(status == answer.StatusCode, $"{what}: {answer.StatusCode}");
                Assert.Equal(ResponseHeaders.ContentSecurityPolicy, Assert.Single(answer.Headers.GetValues("Content-Security-Policy")));
                Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
                Assert.Equal("no-referrer", Assert.Single(answer.Headers.GetValues("Referrer-Policy")));
                Assert.True(answer.Headers.CacheControl!.NoStore || what.StartsWith("/assets/", StringComparison.Ordinal), what);
                Assert.False(answer.Headers.Contains("Server"));
                Assert.NotEmpty(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
            }
        }
    }

    [Fact]
    public async Task Assets_are_whole_and_revalidate_by_their_tag()
    {
        await using var portal = await PortalFixture.StartAsync();
        using var browser = portal.Open();
        foreach (var (path, text) in new[] { ("/assets/portal.css", "--cloud"), ("/assets/portal.js", "data-refresh"), ("/assets/mark.svg", "<svg") })
        {
            using var answer = await browser.GetAsync(path);
            Assert.Contains(text, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
            var tag = answer.Headers.ETag!;
            Assert.False(tag.IsWeak);
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.IfNoneMatch.Add(tag);
            using var again = await browser.SendAsync(request);
            Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
        }
    }

    [Fact]
    public async Task Pages_hold_no_inline_script_style_or_foreign_address()
    {
        await using var portal = await PortalFixture.StartAsync();
        portal.Audit.Entries.Add(SomeExchange.KeptLocal(1, portal.Time.GetUtcNow()));
        using var fresh = portal.Open();
        var pages = new List<string> { await fresh.TextAsync("/sign-in") };
        using var browser = await portal.SignInAsync();
        foreach (var path in new[] { "/", "/log", "/exchanges/" + SomeExchange.Id(1), "/nope" })
        {
            pages.Add(await browser.TextAsync(path));
        }

        foreach (var page in pages)
        {
            Assert.DoesNotMatch("""<script(?![^>]*src="/assets/)|<style|\sstyle=|\son[a-z]+=|(?:src|href|action)="(?:https?:)?//""", page);
        }
    }

    [Fact]
    public async Task A_broken_page_shows_neither_message_nor_stack()
    {
        await using var portal = await PortalFixture.StartAsync();
        using var browser = await portal.SignInAsync();
        portal.Audit.Failure = new InvalidOperationException("sk-secret-value");
        var page = await browser.TextAsync("/");
        Assert.Contains("Something failed here", page, StringComparison.Ordinal);
        Assert.DoesNotContain("sk-secret-value", page, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_portal_that_others_could_reach_is_not_built() =>
        Assert.Throws<PortalException>(() => PortalApp.Build(new PortalOptions
        {
            Listen = new IPEndPoint(IPAddress.Any, 0),
            Audit = new FakeAuditReader(),
            Status = () => throw new InvalidOperationException(),
        }));

    [Fact]
    public async Task A_taken_port_is_told_with_the_mend()
    {
        await using var portal = await PortalFixture.StartAsync();
        await using var second = PortalApp.Build(new PortalOptions
        {
            Listen = new IPEndPoint(IPAddress.Loopback, portal.Port),
            Audit = new FakeAuditReader(),
            Status = () => throw new InvalidOperationException(),
        });
        var error = await Assert.ThrowsAsync<PortalException>(() => second.StartAsync(TestContext.Current.CancellationToken));
        Assert.Contains("--portal", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Signals_are_left_to_the_program_around_the_portal()
    {
        await using var portal = await PortalFixture.StartAsync();
        Assert.IsType<HostedLifetime>(portal.App.Services.GetRequiredService<IHostLifetime>());
    }

    [Fact]
    public async Task No_key_is_written_to_the_home_folder()
    {
        var folder = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".aspnet", "DataProtection-Keys");
        var before = Directory.Exists(folder) ? Directory.GetFiles(folder) : [];
        await using var portal = await PortalFixture.StartAsync();
        using var browser = await portal.SignInAsync();
        Assert.Equal(before, Directory.Exists(folder) ? Directory.GetFiles(folder) : []);
    }
}
