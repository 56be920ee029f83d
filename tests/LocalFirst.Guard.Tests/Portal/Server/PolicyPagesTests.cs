using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Policies;
using Xunit;

namespace LocalFirst.Guard.Tests.Portal.Server;

/// <summary>Policies in the portal: shown, made, changed, and refused.</summary>
public sealed class PolicyPagesTests : IAsyncLifetime
{
    private const string Good =
        """
        name: ours
        version: "1"
        rules:
          - id: secrets-refused
            when: {detector: secrets, tier: 1..2}
            then: block
            reason: A credential was found.

        """;

    private FleetPortal _portal = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _portal = await FleetPortal.StartAsync();

    public ValueTask DisposeAsync() => _portal.DisposeAsync();

    [Fact]
    public async Task Built_in_policies_are_listed_and_said_in_words()
    {
        using var browser = _portal.SignedIn(FleetRoles.AuditRead);

        var list = await browser.GetAsync("/policies");
        Assert.All(PolicyFile.BuiltInNames, n => Assert.Contains($"href=\"/policies/{n}\"", list.Html, StringComparison.Ordinal));
        Assert.DoesNotContain("New policy", list.Text, StringComparison.Ordinal);

        var strict = await browser.GetAsync("/policies/strict");
        Assert.Contains("If anything of secrets (verified evidence) is found, it is refused.", strict.Text, StringComparison.Ordinal);
        Assert.Contains("If the request was read without knowing its exact form, it is refused.", strict.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Change", strict.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_policy_is_stored_under_its_name_and_written_down_with_the_person()
    {
        using var browser = _portal.SignedIn(FleetRoles.PolicyWrite);

        var saved = await browser.PostAsync("/new-policy", ("Text", Good.ReplaceLineEndings("\r\n")), ("Tests", ""));

        Assert.Equal("/policies/ours", saved.Location);
        var page = await browser.GetAsync("/policies/ours");
        Assert.Contains("version 1", page.Text, StringComparison.Ordinal);
        Assert.Contains("grace@example.test", page.Text, StringComparison.Ordinal);
        Assert.Contains("If anything of secrets (verified or structural evidence) is found, it is refused.", page.Text, StringComparison.Ordinal);
        var stored = (await _portal.Store.FindDocumentAsync(FleetDocument.PolicyKind, "ours", Stop))!;
        Assert.Equal(Good, stored.Text);
        Assert.Equal(PolicyFile.Parse(Good, "ours").Hash, stored.Hash);
        Assert.Contains(await _portal.JournalAsync(), e => e == $"policy-changed: grace@example.test: Policy ours: version 1 follows 0, SHA-256 {stored.Hash}.");
    }

    [Theory]
    [InlineData("name: ours\nversion: \"1\"\nrules:\n  - id: a\n    when: {detector: secret}\n    then: block\n    reason: R\n", "Line 5 of the policy", "secret")]
    [InlineData("name: ours\nversion: \"1\"\nrule: []\n", "Line 3 of the policy", "rule")]
    [InlineData("name: default\nversion: \"1\"\nrules: []\n", "Line 1 of the policy", "name of a built-in policy")]
    [InlineData("", "Line 1 of the policy", "")]
    public async Task What_is_no_policy_is_refused_with_its_line_and_stays_in_the_form(string text, string where, string what)
    {
        using var browser = _portal.SignedIn(FleetRoles.PolicyWrite);

        var page = await browser.PostAsync("/new-policy", ("Text", text), ("Tests", "my tests"));

        Assert.Equal(422, page.Status);
        Assert.Contains(where, page.Text, StringComparison.Ordinal);
        Assert.Contains(what, page.Text, StringComparison.Ordinal);
        Assert.Contains("<mark>", page.Html, StringComparison.Ordinal);
        Assert.Contains("my tests", page.Html, StringComparison.Ordinal);
        Assert.Contains(System.Text.Encodings.Web.HtmlEncoder.Default.Encode(text.Trim()), page.Html, StringComparison.Ordinal);
        Assert.Empty(await _portal.Store.ListDocumentsAsync(FleetDocument.PolicyKind, Stop));
    }

    [Fact]
    public async Task A_policy_that_its_tests_contradict_is_refused()
    {
        using var browser = _portal.SignedIn(FleetRoles.PolicyWrite);
        const string Tests = "tests:\n  - name: a key stays local\n    facts: {findings: [{detector: secrets, type: API_KEY, tier: 1}]}\n    expect: {action: ACTION}\n";

        var refused = await browser.PostAsync("/new-policy", ("Text", Good), ("Tests", Tests.Replace("ACTION", "local", StringComparison.Ordinal)));
        Assert.Equal(422, refused.Status);
        Assert.Contains("Line 2 of the tests", refused.Text, StringComparison.Ordinal);
        Assert.Contains("'a key stays local' (line 2): expected local, got block by secrets-refused.", refused.Text, StringComparison.Ordinal);

        // With tests that agree it is stored, and they are kept with it.
        Assert.Equal(302, (await browser.PostAsync("/new-policy", ("Text", Good), ("Tests", Tests.Replace("ACTION", "block", StringComparison.Ordinal)))).Status);
        Assert.Contains("a key stays local", (await browser.GetAsync("/policies/ours/edit")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_change_that_builds_on_an_old_version_shows_the_newer_one_and_keeps_what_was_typed()
    {
        using var grace = _portal.SignedIn(FleetRoles.PolicyWrite);
        await grace.PostAsync("/new-policy", ("Text", Good));
        var theirs = Good.Replace("block", "local", StringComparison.Ordinal);
        Assert.Equal(302, (await grace.PostAsync("/policies/ours/edit", ("Base", "1"), ("Text", theirs))).Status);

        var mine = Good.Replace("A credential was found.", "Mine.", StringComparison.Ordinal);
        var conflict = await grace.PostAsync("/policies/ours/edit", ("Base", "1"), ("Text", mine));

        Assert.Equal(409, conflict.Status);
        Assert.Contains("Somebody else changed this policy meanwhile", conflict.Text, StringComparison.Ordinal);
        Assert.Contains("then: local", conflict.Text, StringComparison.Ordinal);
        Assert.Contains("reason: Mine.", conflict.Text, StringComparison.Ordinal);
        Assert.Equal(theirs, (await _portal.Store.FindDocumentAsync(FleetDocument.PolicyKind, "ours", Stop))!.Text);

        // Whoever saves again has seen it: the form now builds on it.
        Assert.Contains("name=\"Base\" value=\"2\"", conflict.Html, StringComparison.Ordinal);
        Assert.Equal(302, (await grace.PostAsync("/policies/ours/edit", ("Base", "2"), ("Text", mine))).Status);
        Assert.Equal([3L, 2, 1], (await _portal.Store.ReadHistoryAsync(FleetDocument.PolicyKind, "ours", Stop)).Select(d => d.Version));
        Assert.Contains("not in force", (await grace.GetAsync("/policies/ours?version=2")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Saving_the_same_text_again_makes_no_version_and_renaming_makes_no_policy()
    {
        using var browser = _portal.SignedIn(FleetRoles.PolicyWrite);
        await browser.PostAsync("/new-policy", ("Text", Good));

        Assert.Equal(302, (await browser.PostAsync("/policies/ours/edit", ("Base", "1"), ("Text", Good))).Status);
        var renamed = await browser.PostAsync("/policies/ours/edit", ("Base", "1"), ("Text", Good.Replace("name: ours", "name: theirs", StringComparison.Ordinal)));
        var twice = await browser.PostAsync("/new-policy", ("Text", Good));

        Assert.Contains("The text calls itself 'theirs'", renamed.Text, StringComparison.Ordinal);
        Assert.Contains("There is a policy 'ours' already", twice.Text, StringComparison.Ordinal);
        Assert.Equal(1, Assert.Single(await _portal.Store.ListDocumentsAsync(FleetDocument.PolicyKind, Stop)).Version);
    }

    [Fact]
    public async Task A_policy_that_an_assignment_uses_stays_usable_whatever_is_typed()
    {
        using var browser = _portal.SignedIn(FleetRoles.PolicyWrite);
        await browser.PostAsync("/new-policy", ("Text", Good));
        await browser.PostAsync("/assignments/edit?as=text", ("Base", "0"), ("Text", "assignments: [{id: all, policy: ours, include: {everyone: true}}]"));

        Assert.Equal(422, (await browser.PostAsync("/policies/ours/edit", ("Base", "1"), ("Text", "name: ours\nversion: \"2\"\nrules: nothing\n"))).Status);

        var page = await browser.GetAsync("/policies/ours");
        Assert.Contains("all priority 0, everyone", page.Text, StringComparison.Ordinal);
        Assert.Contains("it is refused", (await browser.GetAsync("/explain?groups=")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_text_that_is_too_long_is_refused_before_it_is_read()
    {
        using var browser = _portal.SignedIn(FleetRoles.PolicyWrite);
        var long1 = Good + string.Concat(Enumerable.Repeat("# padding padding padding\n", 12_000));

        Assert.Contains("more than 256 KB", (await browser.PostAsync("/new-policy", ("Text", long1))).Text, StringComparison.Ordinal);
        Assert.Equal(413, (await browser.PostAsync("/new-policy", ("Text", string.Concat(Enumerable.Repeat(long1, 8))))).Status);
    }

    [Fact]
    public async Task Hostile_text_of_a_policy_is_text()
    {
        using var browser = _portal.SignedIn(FleetRoles.PolicyWrite);
        const string Hostile = "</textarea><script>alert(1)</script><img src=x onerror=alert(2)>";
        await browser.PostAsync("/new-policy", ("Text", Good.Replace("A credential was found.", $"\"{Hostile}\"", StringComparison.Ordinal) + $"# {Hostile}\n"));

        foreach (var path in new[] { "/policies/ours", "/policies/ours/edit", "/new-policy?from=ours", "/policies" })
        {
            var page = await browser.GetAsync(path);
            Assert.Equal(200, page.Status);
            Assert.DoesNotContain("<script>", page.Html, StringComparison.Ordinal);
            Assert.DoesNotContain("<img src=x", page.Html, StringComparison.Ordinal);
            Assert.Contains("script-src 'self'", page.ContentSecurityPolicy, StringComparison.Ordinal);
        }
    }
}
