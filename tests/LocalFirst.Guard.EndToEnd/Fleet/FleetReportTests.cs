using System.Net;
using System.Text.Json;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.EndToEnd.Broker;
using LocalFirst.Guard.EndToEnd.Portal;
using LocalFirst.Guard.EndToEnd.Reports;
using Microsoft.Playwright;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Fleet;

/// <summary>The two questions and the report over a fleet's logs, by role.</summary>
public sealed class FleetReportTests
{
    private const string Hostile = "<script>alert(1)</script>";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_device_s_record_is_in_the_answer_and_in_a_report_that_only_the_role_may_take()
    {
        await using var server = await FleetServer.StartAsync();
        await UploadAsync(server);
        await using var chromium = await Chromium.StartAsync();

        // 1  Who reads sees the answer, hostile text as text.
        var auditor = await SignInAsync(chromium, server, "auditor");
        await auditor.GotoAsync(new Uri(server.Url, "/questions?from=2026-11-01&to=2026-11-30").ToString());
        Assert.Equal("2", await auditor.Locator("[data-total=requests]").InnerTextAsync());
        Assert.Equal("1,234", await auditor.Locator("[data-total=bytes_out]").InnerTextAsync());
        Assert.Equal("1", await auditor.Locator("[data-total=flagged_left]").InnerTextAsync());
        Assert.Contains(Hostile, await auditor.Locator("main").InnerTextAsync(), StringComparison.Ordinal);
        Assert.EndsWith("/B", await auditor.Locator("ul.bare a").GetAttributeAsync("href"), StringComparison.Ordinal);
        Assert.DoesNotContain(Hostile, await auditor.ContentAsync(), StringComparison.Ordinal);
        await ShootAsync(auditor, "server-questions");

        // 2  But takes nothing away.
        await auditor.GotoAsync(new Uri(server.Url, "/reports").ToString());
        Assert.Contains("may not see this", await auditor.Locator("h1").InnerTextAsync(), StringComparison.Ordinal);

        // 3  Who has the role does, and the server writes it down.
        var admin = await SignInAsync(chromium, server, "admin");
        await admin.GotoAsync(new Uri(server.Url, "/reports").ToString());
        await admin.FillAsync("#from", "2026-11-01");
        await admin.FillAsync("#to", "2026-11-30");
        await admin.SelectOptionAsync("#format", "json");
        await ShootAsync(admin, "server-reports");
        var download = await admin.RunAndWaitForDownloadAsync(() => admin.GetByRole(AriaRole.Button, new() { Name = "Make the report" }).ClickAsync());
        var path = await download.PathAsync();
        using var json = JsonDocument.Parse(await File.ReadAllBytesAsync(path!, Stop));
        QuestionsAndReportTests.AssertVerifies(json.RootElement, records: 4);
        Assert.Equal(2, json.RootElement.GetProperty("questions").GetProperty("totals").GetProperty("requests").GetInt64());
        var tail = await GuardCli.RunAsync(server.Home, ["audit", "tail", "--home", server.Home]);
        Assert.Contains("report-exported  admin@example.test: json, 2026-11-01T00:00:00Z", tail.Out, StringComparison.Ordinal);

        // 4  The command line on the server's home is about the fleet and gives the same bytes.
        var file = Path.Combine(server.Home, "report.json");
        var made = await GuardCli.RunAsync(server.Home, ["report", "--home", server.Home, "--from", "2026-11-01", "--to", "2026-11-30", "--format", "json", "-o", file]);
        Assert.True(made.ExitCode == 0, made.Everything);
        Assert.Equal(await File.ReadAllBytesAsync(path!, Stop), await File.ReadAllBytesAsync(file, Stop));
    }

    [Fact]
    public async Task Nobody_gets_a_report_without_signing_in()
    {
        await using var server = await FleetServer.StartAsync();
        using var client = server.NewClient();
        foreach (var path in new[] { "/questions", "/reports" })
        {
            using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), Stop);
            Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        }

        using var form = new FormUrlEncodedContent([new("format", "json")]);
        using var posted = await client.PostAsync(new Uri("/reports", UriKind.Relative), form, Stop);
        Assert.NotEqual(HttpStatusCode.OK, posted.StatusCode);
    }

    /// <summary>A device's log with two requests, put where an upload puts it.</summary>
    private static async Task UploadAsync(FleetServer server)
    {
        using var device = new TestFolder();
        var options = new AuditLogOptions { DatabasePath = device.File("audit.db"), KeysFolder = device.File("keys") };
        await using (var log = await AuditLog.OpenAsync(options, Stop))
        {
            foreach (var (exchange, findings) in new[] { ("A", 0), ("B", 1) })
            {
                await log.AppendAsync(Decision(exchange, findings), Stop);
                await log.AppendAsync(new OutcomeRecord { Time = Noon, Exchange = exchange, Result = "forwarded", Status = 200, BytesOut = 617, BytesIn = 5, AnsweredBy = "api.openai.com" }, Stop);
            }
        }

        using var identity = DeviceIdentity.Open(device.File("keys"));
        var database = await FleetDatabase.OpenAsync(Path.Combine(server.Home, "fleet.db"), TimeProvider.System, Stop);
        await database.Store.SavePersonAsync(new FleetPerson("oid-member", OidcProvider.Tenant, "member@example.test", [], Noon), Stop);
        await database.Store.EnrollAsync(new FleetDevice(identity.DeviceId, Hostile, identity.PublicKey, "oid-member", Noon, null, null, null), Stop);
        var ingest = database.IngestWith(FleetKeys.Open(Path.Combine(server.Home, "keys")).Cosigner);
        var source = (await AuditReader.OpenAsync(options, Stop)).OpenUpload();
        var (body, size) = (await source.CheckpointAsync(1, 0, Stop))!.Value;
        Assert.Equal(200, (await ingest.AddCheckpointAsync(identity.DeviceId, body, Stop)).Status);
        Assert.Equal(200, (await ingest.AddEntriesAsync(identity.DeviceId, await source.EntriesAsync(1, 0, size, Stop), Stop)).Status);
    }

    private static DateTimeOffset Noon => new(2026, 11, 10, 12, 0, 0, TimeSpan.Zero);

    private static DecisionRecord Decision(string exchange, int findings) => new()
    {
        Time = Noon,
        Exchange = exchange,
        Client = "curl",
        Provider = "openai",
        Host = "api.openai.com",
        Method = "POST",
        Endpoint = "/v1/chat/completions",
        Api = "openai.chat",
        Entry = "base-url",
        State = "complete",
        BodyBytes = 617,
        BodyHash = new string('0', 32),
        Parts = 1,
        FindingCount = findings,
        Findings = [.. Enumerable.Repeat(new RecordedFinding("pii", "email", "EMAIL_ADDRESS", 2, .9, "/messages/0/content", 0, 5, new string('1', 32)), findings)],
        Action = "allow",
        Reasons = [new RecordedReason(findings > 0 ? Hostile : "built-in:clean", "allow", "Because.", null)],
        Policy = "default",
        PolicyVersion = "1",
        PolicyHash = new string('2', 64),
        Terms = "openai-api@2026-11-22",
    };

    private static async Task<IPage> SignInAsync(Chromium chromium, FleetServer server, string person)
    {
        var page = await chromium.NewTrustingPageAsync();
        await page.GotoAsync(server.Url.ToString());
        await page.FillAsync("input[name=login]", person);
        await page.FillAsync("input[name=password]", "any");
        await page.ClickAsync("form:has(input[name=prompt][value=login]) button[type=submit]");
        await page.ClickAsync("form:has(input[name=prompt][value=consent]) button[type=submit]");
        await page.WaitForURLAsync(url => url.StartsWith(server.Url.ToString(), StringComparison.Ordinal));
        return page;
    }

    private static async Task ShootAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("GUARD_SCREENSHOTS") is { Length: > 0 } folder)
        {
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, $"{name}.png"), FullPage = true });
        }
    }
}
