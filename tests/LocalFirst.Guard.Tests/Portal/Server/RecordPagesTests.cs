using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Tests.Audit;
using Xunit;

namespace LocalFirst.Guard.Tests.Portal.Server;

/// <summary>Devices, their exchanges and their logs on the server.</summary>
public sealed class RecordPagesTests : IAsyncLifetime
{
    private const string Hostile = "<script>alert(1)</script><img src=x onerror=alert(2)>";

    private readonly TempLog _device = new();
    private FleetPortal _portal = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _portal = await FleetPortal.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _portal.DisposeAsync();
        _device.Dispose();
    }

    [Fact]
    public async Task Exchanges_are_filtered_by_device_person_decision_and_provider_and_the_address_says_so()
    {
        await WriteAsync(_device, "A", ("anthropic", "local"), ("openai", "allow"), ("openai", "local"));
        using var other = new TempLog();
        await WriteAsync(other, "B", ("openai", "local"));
        var first = await _portal.ReceiveAsync(_device);
        await _portal.ReceiveAsync(other, "desktop", "oid-bob", "bob@example.test");
        using var browser = _portal.SignedIn(FleetRoles.AuditRead);

        Assert.Equal(["B0", "A2", "A1", "A0"], await RowsAsync(browser, "/exchanges"));
        Assert.Equal(["A2", "A1", "A0"], await RowsAsync(browser, $"/exchanges?device={first}"));
        Assert.Equal(["B0"], await RowsAsync(browser, "/exchanges?person=oid-bob"));
        Assert.Equal(["B0", "A2", "A0"], await RowsAsync(browser, "/exchanges?decision=local"));
        Assert.Equal(["A2"], await RowsAsync(browser, $"/exchanges?device={first}&decision=local&provider=openai"));
        Assert.Empty(await RowsAsync(browser, "/exchanges?decision=block"));
        Assert.Empty(await RowsAsync(browser, "/exchanges?device=" + Uri.EscapeDataString(Hostile)));
        Assert.Contains($"value=\"{first}\" selected", (await browser.GetAsync($"/exchanges?device={first}")).Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Paging_keeps_the_filter_and_shows_every_exchange_once()
    {
        await WriteAsync(_device, "A", [.. Enumerable.Range(0, 130).Select(i => ("openai", i % 2 == 0 ? "local" : "allow"))]);
        await _portal.ReceiveAsync(_device);
        using var browser = _portal.SignedIn(FleetRoles.AuditRead);
        var seen = new List<string>();
        var pages = 0;
        for (var path = "/exchanges?decision=local&provider=openai"; path is not null; pages++)
        {
            var page = await browser.GetAsync(path);
            seen.AddRange(Ids(page));
            path = System.Text.RegularExpressions.Regex.Match(page.Html, "href=\"(/exchanges\\?[^\"]*before=[0-9]+)\"") is { Success: true } older ? System.Net.WebUtility.HtmlDecode(older.Groups[1].Value) : null;
        }

        Assert.Equal(2, pages);
        Assert.Equal(Enumerable.Range(0, 65).Select(i => $"A{128 - (2 * i)}"), seen);
    }

    [Fact]
    public async Task A_search_that_finds_little_stops_at_its_bound_and_says_that_there_is_more()
    {
        await WriteAsync(_device, "A", [("azure-openai", "block"), .. Enumerable.Repeat(("openai", "allow"), 5100)]);
        await _portal.ReceiveAsync(_device);

        var first = await _portal.Store.SearchExchangesAsync(new FleetExchangeFilter(Action: "block"), 50, null, Stop);
        var second = await _portal.Store.SearchExchangesAsync(new FleetExchangeFilter(Action: "block"), 50, first.Older, Stop);

        Assert.True(first.IsCut);
        Assert.Empty(first.Exchanges);
        Assert.Equal("A0", Assert.Single(second.Exchanges).Entry.Decision.Exchange);
        Assert.Null(second.Older);
        using var browser = _portal.SignedIn(FleetRoles.AuditRead);
        Assert.Contains("Look further back", (await browser.GetAsync("/exchanges?decision=block")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_exchange_leads_to_its_place_in_the_log_and_back()
    {
        await _device.WriteExchangesAsync(3);
        var id = await _portal.ReceiveAsync(_device);
        using var browser = _portal.SignedIn(FleetRoles.AuditRead);

        var exchange = await browser.GetAsync($"/exchanges/{id}/X0001");
        Assert.Contains("aws-key", exchange.Text, StringComparison.Ordinal);
        Assert.Contains("epoch 1, leaf 2", exchange.Text, StringComparison.Ordinal);
        Assert.Contains("ada@example.test", exchange.Text, StringComparison.Ordinal);
        Assert.Contains("Left the device", exchange.Text, StringComparison.Ordinal);

        var place = await browser.GetAsync($"/logs/{id}/1?leaf=2");
        Assert.Contains("Its bytes hash to its leaf, which the cosigned checkpoint covers.", place.Text, StringComparison.Ordinal);
        Assert.Contains("\"exchange\":\"X0001\"", place.Text, StringComparison.Ordinal);
        Assert.Contains($"/exchanges/{id}/X0001", place.Html, StringComparison.Ordinal);
        Assert.Equal(404, (await browser.GetAsync($"/logs/{id}/1?leaf=99")).Status);
        Assert.Equal(404, (await browser.GetAsync($"/logs/{id}/9")).Status);
        Assert.Equal(404, (await browser.GetAsync($"/exchanges/{id}/{new string('X', 65)}")).Status);
    }

    [Fact]
    public async Task Every_log_is_shown_with_its_state_and_its_checkpoint_can_be_taken_away()
    {
        await _device.WriteExchangesAsync(3);
        var id = await _portal.ReceiveAsync(_device);
        using var browser = _portal.SignedIn(FleetRoles.AuditRead);

        var logs = await browser.GetAsync("/logs");
        Assert.Contains("Every log is whole", logs.Text, StringComparison.Ordinal);
        Assert.Contains("all, ", logs.Text, StringComparison.Ordinal);

        var checkpoint = await browser.GetAsync($"/logs/{id}/1/checkpoint");
        Assert.Equal($"{id}-1.checkpoint", checkpoint.FileName);
        Assert.StartsWith($"localfirst-guard/{id}/1\n6\n", checkpoint.Html, StringComparison.Ordinal);
        Assert.Equal(2, checkpoint.Html.Split('\n').Count(l => l.StartsWith("— ", StringComparison.Ordinal)));

        var own = await browser.GetAsync("/server-log");
        Assert.Contains("Intact", own.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Not intact", own.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_is_shown_with_its_key_and_revoked_only_after_a_second_question()
    {
        var id = await _portal.ReceiveAsync(_device);
        using var reader = _portal.SignedIn(FleetRoles.AuditRead);
        using var writer = _portal.SignedIn(FleetRoles.PolicyWrite);

        var page = await reader.GetAsync($"/devices/{id}");
        Assert.Contains("SHA256:", page.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("/revoke", page.Html, StringComparison.Ordinal);
        Assert.Contains($"/devices/{id}/revoke", (await writer.GetAsync($"/devices/{id}")).Html, StringComparison.Ordinal);

        Assert.Contains("cannot be taken back", (await writer.GetAsync($"/devices/{id}/revoke")).Text, StringComparison.Ordinal);
        Assert.Null((await _portal.Store.FindDeviceAsync(id, Stop))!.Revoked);

        Assert.Equal($"/devices/{id}", (await writer.PostAsync($"/devices/{id}/revoke")).Location);
        Assert.NotNull((await _portal.Store.FindDeviceAsync(id, Stop))!.Revoked);
        Assert.Contains("revoked", (await reader.GetAsync($"/devices/{id}")).Text, StringComparison.Ordinal);
        Assert.Equal($"/devices/{id}", (await writer.GetAsync($"/devices/{id}/revoke")).Location);
        Assert.Contains(await _portal.JournalAsync(), e => e == $"device-revoked: grace@example.test: Device {id} was revoked.");
        Assert.Equal(404, (await writer.PostAsync("/devices/nothing/revoke")).Status);
    }

    [Fact]
    public async Task Hostile_records_are_text_on_every_page()
    {
        await using (var log = await _device.OpenAsync())
        {
            var decision = Some.Decision("X0000") with
            {
                Client = Hostile,
                Provider = Hostile,
                Host = Hostile,
                Model = Hostile,
                ModelSent = Hostile,
                StateReason = Hostile,
                Action = Hostile,
                Findings = [new RecordedFinding(Hostile, Hostile, Hostile, 1, 1, Hostile, 0, 1, Hostile)],
                Reasons = [new RecordedReason(Hostile, Hostile, Hostile, Hostile)],
                Policy = Hostile,
                PolicyVersion = Hostile,
                PolicyHash = Hostile,
                BodyHash = Hostile,
            };
            await log.AppendAsync(decision, Stop);
            await log.AppendAsync(Some.Outcome("X0000") with { Result = Hostile, AnsweredBy = Hostile, Error = Hostile }, Stop);
        }

        var id = await _portal.ReceiveAsync(_device, Hostile, personName: Hostile);
        using var browser = _portal.SignedIn([.. FleetRoles.All]);
        foreach (var path in new[] { "/", "/exchanges", $"/exchanges/{id}/X0000", $"/devices/{id}", $"/devices/{id}/revoke", "/logs", $"/logs/{id}/1?leaf=0", "/people", "/explain?person=oid-ada" })
        {
            var page = await browser.GetAsync(path);
            Assert.True(page.Status == 200, $"{path}: {page.Status}");
            Assert.DoesNotContain("<script>", page.Html, StringComparison.Ordinal);
            Assert.DoesNotContain("<img src=x", page.Html, StringComparison.Ordinal);
            Assert.Contains("&lt;script&gt;", page.Html, StringComparison.Ordinal);
            Assert.Contains("default-src 'none'", page.ContentSecurityPolicy, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_failure_of_a_page_speaks_of_the_server_and_not_of_a_broker()
    {
        using var browser = _portal.SignedIn(FleetRoles.AuditRead);
        var page = await browser.GetAsync("/exchanges?before=" + new string('9', 30));
        Assert.Equal(200, page.Status);

        await _portal.Store.AddDocumentAsync(new FleetDocument(FleetDocument.AssignmentsKind, FleetDocument.AssignmentsKind, 1, "no: assignments\n", "", "", Some.Time), Stop);
        var failed = await browser.GetAsync("/assignments");

        Assert.Equal(500, failed.Status);
        Assert.Contains("Devices go on guarding", failed.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("broker", failed.Text, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("no: assignments", failed.Text, StringComparison.Ordinal);
    }

    private static async Task WriteAsync(TempLog device, string prefix, params (string Provider, string Action)[] decisions)
    {
        await using var log = await device.OpenAsync();
        await Task.WhenAll(decisions.Select((d, i) => log.AppendAsync(Some.Decision($"{prefix}{i}") with { Provider = d.Provider, Action = d.Action }, Stop)));
    }

    private static async Task<IReadOnlyList<string>> RowsAsync(FleetPortal.Browser browser, string path)
    {
        var page = await browser.GetAsync(path);
        Assert.Equal(200, page.Status);
        return Ids(page);
    }

    private static IReadOnlyList<string> Ids(FleetPortal.Page page) =>
        [.. System.Text.RegularExpressions.Regex.Matches(page.Html, "href=\"/exchanges/[0-9a-f]{32}/([^\"]+)\"").Select(m => m.Groups[1].Value)];
}
