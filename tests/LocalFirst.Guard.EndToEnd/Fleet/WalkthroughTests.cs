using System.Globalization;
using System.Text;
using System.Text.Json;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Audit.Notes;
using LocalFirst.Guard.EndToEnd.Broker;
using LocalFirst.Guard.EndToEnd.Portal;
using LocalFirst.Guard.EndToEnd.Provider;
using LocalFirst.Guard.EndToEnd.Reports;
using LocalFirst.Guard.Fleet.Api;
using LocalFirst.Guard.Testing;
using Microsoft.Playwright;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Fleet;

/// <summary>
/// The people's side from its beginning to its end, by hand as <c>docs/walkthrough.md</c> tells it: a policy assigned, a device that obeys it, its record in
/// the portal, and a report that verifies without the server.
/// </summary>
public sealed class WalkthroughTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_assigned_policy_is_obeyed_and_its_record_stands_in_a_report_that_verifies_offline(bool onPostgreSql)
    {
        await using var postgres = onPostgreSql ? await PostgreSqlServer.StartAsync() : null;
        await using var server = await FleetServer.StartAsync(postgres?.Connection ?? "");
        await using var provider = await FakeProvider.StartAsync();
        await using var chromium = await Chromium.StartAsync();
        var database = await FleetDatabase.OpenAsync(postgres?.Connection ?? Path.Combine(server.Home, "fleet.db"), TimeProvider.System, Stop);

        // 1  An administrator signs in and assigns `strict` to a group.
        var admin = await SignInAsync(chromium, server, "admin");
        await admin.GotoAsync(new Uri(server.Url, "/assignments/edit").ToString());
        await admin.FillAsync("input[name='Rows[0].Id']", "finance-is-strict");
        await admin.SelectOptionAsync("select[name='Rows[0].Policy']", "strict");
        await admin.FillAsync("textarea[name='Rows[0].Include']", "group-finance");
        await ShootAsync(admin, "walkthrough-1-assign");
        await admin.GetByRole(AriaRole.Button, new() { Name = "Check and save" }).ClickAsync();
        await admin.GetByText("finance-is-strict").First.WaitForAsync();
        await ShootAsync(admin, "walkthrough-2-assigned");

        // 2  A device enrols as a member of that group.
        using var device = new MemberDevice(server.Directory.RootFile);
        await device.ConfigureAsync(provider);
        var enrolled = await device.EnrolWithBrowserAsync(server.Url, "member", "--name", "ada-laptop");
        Assert.True(enrolled.ExitCode == 0, enrolled.Everything);
        Assert.Contains("Policy strict", enrolled.Out, StringComparison.Ordinal);

        // 3  Its requests obey: `default` would let the address go, `strict` does not.
        await using (var guard = await device.StartAsync())
        {
            Assert.Equal(200, await AskAsync(guard, "Explain in one sentence why the sky is blue."));
            Assert.Equal(400, await AskAsync(guard, "Write to jane.roe@contoso.com about the release."));
            Assert.Single(provider.Requests, r => r.Path == "/v1/chat/completions");
            Assert.Equal(0, await guard.StopAsync());
        }

        // 4  Its records are in the portal, with the reason, and the portal says why this person has this policy.
        await Bounded.UntilAsync(
            async () => (await database.Store.ListExchangesAsync(10, null, null, Stop)).Count(e => e.Entry.Outcome is not null) == 2
                && (await database.Records.HeadsAsync(Stop)).All(h => h.CoveredSize == h.StoredSize),
            "both exchanges at the server, cosigned",
            TimeSpan.FromSeconds(90));
        await admin.GotoAsync(new Uri(server.Url, "/exchanges").ToString());
        var rows = await admin.Locator("tbody").InnerTextAsync();
        Assert.Contains("ada-laptop", rows, StringComparison.Ordinal);
        Assert.Contains("member@example.test", rows, StringComparison.Ordinal);
        await ShootAsync(admin, "walkthrough-3-exchanges");
        await admin.GotoAsync(new Uri(server.Url, "/people").ToString());
        await admin.GetByRole(AriaRole.Link, new() { Name = "member@example.test" }).ClickAsync();
        Assert.Contains("finance-is-strict", await admin.Locator("main").InnerTextAsync(), StringComparison.Ordinal);
        await ShootAsync(admin, "walkthrough-4-explain");
        await admin.GotoAsync(new Uri(server.Url, "/questions").ToString());
        Assert.Equal("1", await admin.Locator("[data-total=left]").InnerTextAsync());
        Assert.Equal("1", await admin.Locator("[data-total=refused]").InnerTextAsync());
        await ShootAsync(admin, "walkthrough-5-questions");
        await admin.GotoAsync(new Uri(server.Url, "/logs").ToString());
        Assert.Contains("Every log is whole", await admin.Locator("main").InnerTextAsync(), StringComparison.Ordinal);
        await ShootAsync(admin, "walkthrough-6-logs");

        // 5  The report is taken away.
        await admin.GotoAsync(new Uri(server.Url, "/reports").ToString());
        await admin.FillAsync("#from", DateTimeOffset.UtcNow.AddDays(-1).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        await admin.FillAsync("#to", DateTimeOffset.UtcNow.AddDays(1).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        await admin.SelectOptionAsync("#format", "json");
        var download = await admin.RunAndWaitForDownloadAsync(() => admin.GetByRole(AriaRole.Button, new() { Name = "Make the report" }).ClickAsync());
        using var report = JsonDocument.Parse(await File.ReadAllBytesAsync((await download.PathAsync())!, Stop));

        // 6  It holds the record, and verifies without anybody: signature, cosignature, and each record up to the signed root.
        Assert.Contains(report.RootElement.GetProperty("records").EnumerateArray(), r => r.GetProperty("canonical").GetString()! is var text
            && text.Contains("\"policy\":\"strict\"", StringComparison.Ordinal) && text.Contains("\"action\":\"block\"", StringComparison.Ordinal));
        QuestionsAndReportTests.AssertVerifies(report.RootElement);
        using var client = server.NewClient();
        var fleet = JsonSerializer.Deserialize<FleetDescription>(await client.GetStringAsync(new Uri(FleetDescription.Path, UriKind.Relative), Stop), JsonSerializerOptions.Web)!;
        var checkpoint = report.RootElement.GetProperty("questions").GetProperty("logs")[0].GetProperty("checkpoint").GetString()!;
        Assert.NotNull(CosignatureKey.Parse(fleet.WitnessKey).Verify(SignedNote.Parse(checkpoint)));
    }

    private static async Task<int> AskAsync(GuardProcess guard, string prompt)
    {
        await using var connection = await RawConnection.OpenAsync(guard.Proxy);
        var response = await connection.RequestAsync(
            "POST", "/openai/v1/chat/completions", guard.Proxy.Authority, ["Content-Type: application/json"], Encoding.UTF8.GetBytes($$"""{"model":"gpt-5","messages":[{"role":"user","content":"{{prompt}}"}]}"""));
        return response.Status;
    }

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
