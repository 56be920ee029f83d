using System.Net;
using LocalFirst.Guard.Audit;
using Xunit;

namespace LocalFirst.Guard.Tests.Portal;

public sealed class PageTests
{
    private const string Hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";

    [Fact]
    public async Task The_list_says_what_went_where_and_why()
    {
        await using var portal = await PortalFixture.StartAsync();
        var now = portal.Time.GetUtcNow();
        portal.Audit.Entries.AddRange([SomeExchange.Sent(1, now), SomeExchange.KeptLocal(3, now), SomeExchange.Refused(5, now)]);
        using var browser = await portal.SignInAsync();
        var page = WebUtility.HtmlDecode(await browser.TextAsync("/"));
        foreach (var text in new[] { "claude-code", "anthropic", "claude-opus-4", "to the cloud", "kept local", "refused", "answered here, 200", "A credential was found.", "the body is not JSON", "demo model", "own namespaces" })
        {
            Assert.Contains(text, page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_fragment_holds_the_rows_and_no_frame()
    {
        await using var portal = await PortalFixture.StartAsync();
        portal.Audit.Entries.Add(SomeExchange.Sent(1, portal.Time.GetUtcNow()));
        using var browser = await portal.SignInAsync();
        var rows = await browser.TextAsync("/?handler=Rows");
        Assert.Contains("claude-opus-4", rows, StringComparison.Ordinal);
        Assert.DoesNotContain("<html", rows, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_log_says_how_to_begin()
    {
        await using var portal = await PortalFixture.StartAsync();
        using var browser = await portal.SignInAsync();
        Assert.Contains("guard exec", await browser.TextAsync("/"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Paging_shows_every_exchange_once()
    {
        await using var portal = await PortalFixture.StartAsync();
        for (var i = 0; i < 120; i++)
        {
            portal.Audit.Entries.Add(SomeExchange.Sent(i, portal.Time.GetUtcNow()));
        }

        using var browser = await portal.SignInAsync();
        var seen = new List<string>();
        for (string? path = "/"; path is not null;)
        {
            var page = await browser.TextAsync(path);
            seen.AddRange(System.Text.RegularExpressions.Regex.Matches(page, "/exchanges/(01JD[0-9]+)").Select(m => m.Groups[1].Value));
            path = System.Text.RegularExpressions.Regex.Match(page, "/\\?before=[0-9]+") is { Success: true } next ? next.Value : null;
        }

        Assert.Equal(Enumerable.Range(0, 120).Reverse().Select(i => SomeExchange.Id(i)), seen);
    }

    [Fact]
    public async Task An_exchange_shows_places_rules_and_sizes()
    {
        await using var portal = await PortalFixture.StartAsync();
        portal.Audit.Entries.Add(SomeExchange.KeptLocal(118, portal.Time.GetUtcNow()));
        using var browser = await portal.SignInAsync();
        var page = WebUtility.HtmlDecode(await browser.TextAsync("/exchanges/" + SomeExchange.Id(118)));
        foreach (var text in new[] { "API_KEY", "github-pat", "/messages/4/content/0/text", "1 · verified", "secrets-stay", "qwen2.5-coder-7b", "nothing", "48.2 KB", ">118<" })
        {
            Assert.Contains(text, page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_missing_outcome_is_running_first_and_a_finding_later()
    {
        await using var portal = await PortalFixture.StartAsync();
        portal.Audit.Entries.Add(SomeExchange.Sent(1, portal.Time.GetUtcNow()) with { Outcome = null });
        using var browser = await portal.SignInAsync();
        Assert.Contains("running", await browser.TextAsync("/"), StringComparison.Ordinal);
        portal.Time.Advance(TimeSpan.FromMinutes(31));
        Assert.Contains("no outcome", await browser.TextAsync("/"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Html_in_any_field_is_shown_as_text()
    {
        await using var portal = await PortalFixture.StartAsync();
        var sent = SomeExchange.KeptLocal(1, portal.Time.GetUtcNow());
        portal.Audit.Entries.Add(sent with
        {
            Decision = sent.Decision with
            {
                Client = Hostile,
                Model = Hostile,
                Provider = Hostile,
                Host = Hostile,
                StateReason = Hostile,
                Action = Hostile,
                Findings = [new RecordedFinding(Hostile, Hostile, Hostile, 1, 1, Hostile, 0, 1, Hostile)],
                Reasons = [new RecordedReason(Hostile, Hostile, Hostile, Hostile)],
            },
            Outcome = sent.Outcome! with { AnsweredBy = Hostile, Error = Hostile, Result = Hostile },
        });
        portal.Audit.Integrity = portal.Audit.Integrity with { Intact = false, Failure = Hostile, Origin = Hostile };
        using var browser = await portal.SignInAsync();
        foreach (var path in new[] { "/", "/log", "/exchanges/" + SomeExchange.Id(1) })
        {
            var page = await browser.TextAsync(path);
            Assert.DoesNotContain("<script>", page, StringComparison.Ordinal);
            Assert.DoesNotContain("<img src=x", page, StringComparison.Ordinal);
            Assert.Contains("&lt;script&gt;alert(1)", page, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/exchanges/unknown")]
    [InlineData("/exchanges/%3Cscript%3E")]
    [InlineData("/exchanges/..%2f..%2fetc%2fpasswd")]
    [InlineData("/exchanges")]
    public async Task What_is_not_there_gets_a_page_that_says_so(string path)
    {
        await using var portal = await PortalFixture.StartAsync();
        using var browser = await portal.SignInAsync();
        using var answer = await browser.GetAsync(path);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Contains("Not here", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_log_page_tells_intact_from_altered_and_from_unreadable()
    {
        await using var portal = await PortalFixture.StartAsync();
        using var browser = await portal.SignInAsync();
        var intact = await browser.TextAsync("/log");
        Assert.Contains("Intact", intact, StringComparison.Ordinal);
        Assert.Contains("localfirst-guard/0123456789abcdef/1", intact, StringComparison.Ordinal);

        portal.Audit.Integrity = portal.Audit.Integrity with { Intact = false, Failure = "ENTRY_ALTERED: record 17 does not hash to its leaf." };
        var altered = await browser.TextAsync("/log");
        Assert.Contains("Not intact", altered, StringComparison.Ordinal);
        Assert.Contains("ENTRY_ALTERED", altered, StringComparison.Ordinal);

        portal.Audit.Failure = new AuditException("The log cannot be opened.");
        var unreadable = await browser.TextAsync("/log");
        Assert.Contains("Could not be checked", unreadable, StringComparison.Ordinal);
        Assert.DoesNotContain("Intact", unreadable, StringComparison.Ordinal);
    }
}
