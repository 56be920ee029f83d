using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Policies.Assignment;
using LocalFirst.Guard.Policies.Yaml;
using LocalFirst.Guard.Tests.Audit;
using Xunit;

namespace LocalFirst.Guard.Tests.Portal.Server;

/// <summary>Assignments in the portal and in a file, and why a person has a policy.</summary>
public sealed class AssignmentPagesTests : IDisposable
{
    private readonly TempLog _folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private string AssignmentsPath => Path.Combine(_folder.Home, "assignments.yaml");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_table_becomes_the_text_and_the_text_the_table()
    {
        await using var portal = await FleetPortal.StartAsync();
        using var browser = portal.SignedIn(FleetRoles.PolicyWrite);

        var saved = await browser.PostAsync(
            "/assignments/edit",
            ("Base", "0"),
            ("Rows[0].Id", "finance"), ("Rows[0].Policy", "strict"), ("Rows[0].Include", "g-finance\r\ng-legal"), ("Rows[0].Exclude", "g-\"research\""), ("Rows[0].Priority", "10"),
            ("Rows[1].Id", ""), ("Rows[1].Policy", "default"),
            ("Rows[2].Id", "gone"), ("Rows[2].Policy", "default"), ("Rows[2].Everyone", "true"), ("Rows[2].Remove", "true"),
            ("Rows[3].Id", "all"), ("Rows[3].Policy", "default"), ("Rows[3].Everyone", "true"));

        Assert.Equal("/assignments", saved.Location);
        var stored = (await portal.Store.FindDocumentAsync(FleetDocument.AssignmentsKind, FleetDocument.AssignmentsKind, Stop))!;
        var set = AssignmentFile.Parse(stored.Text, "stored").Assignments;
        Assert.Equal(["finance", "all"], set.Select(a => a.Id));
        Assert.Equal(["g-finance", "g-legal"], set[0].IncludeGroups);
        Assert.Equal(["g-\"research\""], set[0].ExcludeGroups);
        Assert.Equal(10, set[0].Priority);
        Assert.True(set[1].Everyone);
        Assert.Contains(await portal.JournalAsync(), e => e.StartsWith("assignments-changed: grace@example.test: Version 1 of the assignments, 2 in all", StringComparison.Ordinal));

        var table = await browser.GetAsync("/assignments/edit");
        Assert.Contains("value=\"finance\"", table.Html, StringComparison.Ordinal);
        Assert.Contains("g-finance\ng-legal", table.Html.ReplaceLineEndings("\n").Replace("&#xA;", "\n", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("name=\"Base\" value=\"1\"", table.Html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("finance", "nowhere", "g", "", "names the policy 'nowhere', which does not exist")]
    [InlineData("finance", "default", "", "", "includes nobody")]
    [InlineData("Fin ance", "default", "g", "", "not a plain name")]
    [InlineData("finance", "default", "g", "high", "not a number from 0 to 1000")]
    public async Task A_wrong_row_is_named_and_nothing_typed_is_lost(string id, string policy, string groups, string priority, string expected)
    {
        await using var portal = await FleetPortal.StartAsync();
        using var browser = portal.SignedIn(FleetRoles.PolicyWrite);

        var page = await browser.PostAsync(
            "/assignments/edit",
            ("Base", "0"),
            ("Rows[0].Id", "first"), ("Rows[0].Policy", "default"), ("Rows[0].Everyone", "true"),
            ("Rows[1].Id", id), ("Rows[1].Policy", policy), ("Rows[1].Include", groups), ("Rows[1].Priority", priority));

        Assert.Equal(422, page.Status);
        Assert.Contains(expected, page.Text, StringComparison.Ordinal);
        Assert.Contains("row 2", page.Text, StringComparison.Ordinal);
        Assert.Contains($"value=\"{id}\"", page.Html, StringComparison.Ordinal);
        Assert.Contains($"<option selected=\"selected\">{policy}</option>", page.Html, StringComparison.Ordinal);
        Assert.Empty(await portal.Store.ListDocumentsAsync(FleetDocument.AssignmentsKind, Stop));
    }

    [Fact]
    public async Task A_change_that_builds_on_an_old_version_shows_the_newer_one_and_keeps_what_was_typed()
    {
        await using var portal = await FleetPortal.StartAsync();
        using var browser = portal.SignedIn(FleetRoles.PolicyWrite);
        await browser.PostAsync("/assignments/edit?as=text", ("Base", "0"), ("Text", "assignments: [{id: theirs, policy: strict, include: {everyone: true}}]"));

        var conflict = await browser.PostAsync("/assignments/edit", ("Base", "0"), ("Rows[0].Id", "mine"), ("Rows[0].Policy", "default"), ("Rows[0].Everyone", "true"));

        Assert.Equal(409, conflict.Status);
        Assert.Contains("id: theirs", conflict.Text, StringComparison.Ordinal);
        Assert.Contains("value=\"mine\"", conflict.Html, StringComparison.Ordinal);
        Assert.Contains("name=\"Base\" value=\"1\"", conflict.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_person_is_told_which_assignment_decided_and_which_was_excluded_and_why()
    {
        await using var portal = await FleetPortal.StartAsync();
        using var device = new TempLog();
        var id = await portal.ReceiveAsync(device, "ada's laptop", groups: ["g-finance", "g-research"]);
        using var browser = portal.SignedIn(FleetRoles.PolicyWrite);
        await browser.PostAsync("/assignments/edit?as=text", ("Base", "0"), ("Text",
            """
            assignments:
              - {id: finance, policy: strict, include: {groups: [g-finance]}, priority: 5}
              - {id: finance-too, policy: default, include: {groups: [G-FINANCE]}, priority: 5}
              - {id: all, policy: default, include: {everyone: true}}
              - {id: not-research, policy: strict, include: {everyone: true}, exclude: {groups: [g-research]}, priority: 9}
              - {id: others, policy: strict, include: {groups: [g-others]}}
            """));

        var page = await browser.GetAsync("/explain?person=oid-ada");

        Assert.Contains("Why ada@example.test has this policy", page.Text, StringComparison.Ordinal);
        Assert.Contains("Policy: default joined with strict", page.Text, StringComparison.Ordinal);
        Assert.Contains("finance assigns the policy 'strict' through the group g-finance (priority 5).", page.Text, StringComparison.Ordinal);
        Assert.Contains("2 assignments share the highest priority", page.Text, StringComparison.Ordinal);
        Assert.Contains("not-research does not apply: it excludes the group g-research.", page.Text, StringComparison.Ordinal);
        Assert.Contains("all would assign 'default' to everyone, but its priority 0 is lower.", page.Text, StringComparison.Ordinal);
        Assert.Contains("Does not include this person: others", page.Text, StringComparison.Ordinal);
        Assert.Contains("As of the token of 22 Nov 2026, 09:30:15 UTC", page.Text, StringComparison.Ordinal);
        Assert.Contains("strict.live-credentials-refused", page.Text, StringComparison.Ordinal);
        Assert.Contains("ada's laptop", page.Text, StringComparison.Ordinal);
        Assert.Contains("none yet", page.Text, StringComparison.Ordinal);

        // The device says what it obeys; meanwhile a newer bundle was made for it.
        await portal.Store.BundleVersionAsync(id, "a", Some.Time, Stop);
        await portal.Store.BundleVersionAsync(id, "b", Some.Time, Stop);
        await portal.Store.TouchDeviceAsync(id, Some.Time, 1, Stop);
        Assert.Contains("version 1, the newest is 2", (await browser.GetAsync("/explain?person=oid-ada")).Text, StringComparison.Ordinal);
        Assert.Contains("finance, finance-too", (await browser.GetAsync("/people")).Text, StringComparison.Ordinal);

        // And for made-up groups, however they are separated.
        var made = await browser.GetAsync("/explain?groups=g-others,%20g-x");
        Assert.Contains("Policy: strict", made.Text, StringComparison.Ordinal);
        Assert.Equal(404, (await browser.GetAsync("/explain?person=nobody")).Status);
    }

    [Fact]
    public async Task Assignments_of_a_file_are_shown_read_only_and_read_again_when_it_changes()
    {
        await WriteAsync("assignments: [{id: from-file, policy: strict, include: {everyone: true}}]\n");
        await using var portal = await FleetPortal.StartAsync(AssignmentsPath);
        using var browser = portal.SignedIn(FleetRoles.PolicyWrite);

        var page = await browser.GetAsync("/assignments");
        Assert.Contains("from-file", page.Text, StringComparison.Ordinal);
        Assert.Contains(AssignmentsPath, page.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("/assignments/edit", page.Html, StringComparison.Ordinal);
        Assert.Equal("/assignments", (await browser.GetAsync("/assignments/edit")).Location);
        Assert.Contains("come from a file of the server", (await browser.PostAsync("/assignments/edit?as=text", ("Text", "assignments: []"))).Text, StringComparison.Ordinal);
        Assert.Contains("Policy: strict", (await browser.GetAsync("/explain?groups=")).Text, StringComparison.Ordinal);

        await WriteAsync("assignments: [{id: from-file, policy: default, include: {everyone: true}}]\n");
        Assert.Contains("Policy: default", (await browser.GetAsync("/explain?groups=")).Text, StringComparison.Ordinal);

        // Broken, the last good one stays in force; every page that asks says so once in the log.
        await WriteAsync("assignments:\n  - {id: from-file, policy: nowhere, include: {everyone: true}}\n");
        Assert.Contains("Policy: default", (await browser.GetAsync("/explain?groups=")).Text, StringComparison.Ordinal);
        var broken = await browser.GetAsync("/assignments");
        Assert.Contains("stays in force", broken.Text, StringComparison.Ordinal);
        Assert.Contains($"{AssignmentsPath}:2:1", broken.Text, StringComparison.Ordinal);
        Assert.Contains("names the policy 'nowhere'", broken.Text, StringComparison.Ordinal);

        await WriteAsync("assignments: []\n");
        var mended = await browser.GetAsync("/assignments");
        Assert.DoesNotContain("stays in force", mended.Text, StringComparison.Ordinal);
        Assert.Contains("Everybody has the policy default", mended.Text, StringComparison.Ordinal);
        Assert.Equal(
            ["assignments-file-read", "assignments-file-read", "assignments-file-broken", "assignments-file-read"],
            (await portal.JournalAsync()).Select(e => e.Split(':')[0]).Where(n => n.StartsWith("assignments-file", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_policy_that_the_file_names_may_be_made_after_it()
    {
        await WriteAsync("assignments: []\n");
        await using var portal = await FleetPortal.StartAsync(AssignmentsPath);
        using var browser = portal.SignedIn(FleetRoles.PolicyWrite);
        await WriteAsync("assignments: [{id: a, policy: ours, include: {everyone: true}}]\n");
        Assert.Contains("which does not exist", (await browser.GetAsync("/assignments")).Text, StringComparison.Ordinal);

        await browser.PostAsync("/new-policy", ("Text", "name: ours\nversion: \"1\"\nrules: []\n"));

        Assert.Contains("Policy: ours", (await browser.GetAsync("/explain?groups=")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broken_or_missing_file_keeps_the_server_from_starting_and_says_where()
    {
        await WriteAsync("assignments:\n  - {id: a, policy: nowhere, include: {everyone: true}}\n");
        var broken = await Assert.ThrowsAsync<YamlFileException>(() => FleetPortal.StartAsync(AssignmentsPath));
        Assert.Contains($"{AssignmentsPath}:2:1: assignments[0].policy", broken.Message, StringComparison.Ordinal);

        var missing = await Assert.ThrowsAsync<PolicyException>(() => FleetPortal.StartAsync(AssignmentsPath + ".not"));
        Assert.Contains("fleet.assignments", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hostile_group_names_are_text()
    {
        await using var portal = await FleetPortal.StartAsync();
        using var device = new TempLog();
        const string Hostile = "<script>alert(1)</script><img/src=x/onerror=alert(2)>";
        await portal.ReceiveAsync(device, Hostile, "oid-x", Hostile, Hostile);
        using var browser = portal.SignedIn(FleetRoles.PolicyWrite, FleetRoles.AuditRead);
        await browser.PostAsync("/assignments/edit", ("Base", "0"), ("Rows[0].Id", "hostile"), ("Rows[0].Policy", "strict"), ("Rows[0].Include", Hostile), ("Rows[0].Exclude", Hostile + "2"));

        foreach (var path in new[] { "/assignments", "/assignments/edit", "/assignments/edit?as=text", "/explain?person=oid-x", "/explain?groups=" + Uri.EscapeDataString(Hostile), "/people", "/", "/exchanges" })
        {
            var page = await browser.GetAsync(path);
            Assert.Equal(200, page.Status);
            Assert.DoesNotContain("<script>", page.Html, StringComparison.Ordinal);
            Assert.DoesNotContain("<img/src", page.Html, StringComparison.Ordinal);
            Assert.Contains("&lt;script&gt;", page.Html, StringComparison.Ordinal);
        }
    }

    private Task WriteAsync(string text) => File.WriteAllTextAsync(AssignmentsPath, text, Stop);
}
