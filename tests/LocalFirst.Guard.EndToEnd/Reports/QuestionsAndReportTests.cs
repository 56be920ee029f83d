using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using LocalFirst.Guard.Audit.Notes;
using LocalFirst.Guard.EndToEnd.Broker;
using LocalFirst.Guard.EndToEnd.Portal;
using LocalFirst.Guard.EndToEnd.Provider;
using LocalFirst.Guard.EndToEnd.Samples;
using Microsoft.Playwright;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Reports;

/// <summary>A real broker's log answers the two questions: command line, portal and every form of the report tell the same numbers.</summary>
public sealed partial class QuestionsAndReportTests
{
    private static readonly string[] Totals = ["requests", "left", "bytes_out", "local", "refused", "failed", "no_outcome", "flagged_left"];

    [Fact]
    public async Task Command_line_portal_and_report_tell_the_same_and_the_checkpoint_verifies_offline()
    {
        using var home = new TestFolder();
        await using var provider = await FakeProvider.StartAsync();
        await GuardProcess.ConfigureAsync(home.Path, provider);
        await using var guard = await GuardProcess.StartAsync(home.Path);

        // 1  Two clean requests, one that the policy lets go although it found contact data, one that it keeps.
        await SendAsync(guard, Some.CleanPrompt(), 200);
        await SendAsync(guard, Some.CleanPrompt(), 200);
        await SendAsync(guard, "Write a mail to ada.lovelace@company-mail.com and thank her.", 200);
        await SendAsync(guard, $"export GITHUB_TOKEN={Some.GitHubToken()}", 400);
        var answer = default(JsonElement);
        await Bounded.UntilAsync(
            async () =>
            {
                answer = await AskAsync(home);
                return answer.GetProperty("totals").GetProperty("requests").GetInt64() == 4 && answer.GetProperty("totals").GetProperty("no_outcome").GetInt64() == 0;
            },
            "the four requests and their outcomes in the answer",
            TimeSpan.FromSeconds(90));
        var totals = answer.GetProperty("totals");
        Assert.Equal((3, 1, 1), (totals.GetProperty("left").GetInt64(), totals.GetProperty("refused").GetInt64(), totals.GetProperty("flagged_left").GetInt64()));
        var found = Assert.Single(answer.GetProperty("left_although_found").EnumerateArray());
        Assert.Equal(("EMAIL_ADDRESS", "contact-data-goes"), (found.GetProperty("type").GetString(), found.GetProperty("rule").GetString()));
        var group = Assert.Single(answer.GetProperty("groups").EnumerateArray());
        Assert.Equal(("openai", "no", "E0"), (group.GetProperty("provider").GetString(), group.GetProperty("trains").GetString(), group.GetProperty("evidence").GetString()));
        Assert.StartsWith("openai-api@", group.GetProperty("terms").GetString(), StringComparison.Ordinal);
        Assert.True(answer.GetProperty("whole").GetBoolean());

        // 2  The portal.
        await AssertPortalShowsAsync(home, totals);

        // 3  Every form of the report, twice.
        var reports = new Dictionary<string, byte[]>();
        foreach (var format in new[] { "html", "pdf", "csv", "json" })
        {
            reports[format] = await ReportAsync(home, format, []);
            var other = new Dictionary<string, string> { ["TZ"] = "Pacific/Auckland", ["LANG"] = "de_DE.UTF-8" };
            var again = await ReportAsync(home, format, other);
            Assert.True(reports[format].AsSpan().SequenceEqual(again), $"Two reports as {format} differ.");
        }

        // 4  They tell the same.
        var bytesOut = totals.GetProperty("bytes_out").GetInt64().ToString("N0", CultureInfo.InvariantCulture);
        Assert.Contains(bytesOut, Encoding.UTF8.GetString(reports["html"]), StringComparison.Ordinal);
        Assert.StartsWith("%PDF-", Encoding.ASCII.GetString(reports["pdf"].AsSpan(0, 5)), StringComparison.Ordinal);
        Assert.Equal(1 + 4 + 4, Encoding.UTF8.GetString(reports["csv"]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length);
        using var json = JsonDocument.Parse(reports["json"]);
        Assert.Equal(totals.GetRawText(), Compact(json.RootElement.GetProperty("questions").GetProperty("totals")));

        // 5  Offline: the signature, and each record up to the signed root.
        AssertVerifies(json.RootElement, records: 8);
    }

    [Fact]
    public async Task A_form_that_is_not_made_yet_and_a_home_without_a_log_are_refused_with_a_reason()
    {
        using var home = new TestFolder();
        var later = await GuardCli.RunAsync(home.Path, ["report", "--home", home.Path, "--format", "xlsx", "-o", home.File("r.xlsx")]);
        Assert.Equal(2, later.ExitCode);
        Assert.Contains("html, pdf, csv, json", later.Error, StringComparison.Ordinal);
        var empty = await GuardCli.RunAsync(home.Path, ["report", "--home", home.Path, "--format", "html", "-o", home.File("r.html")]);
        Assert.Equal(2, empty.ExitCode);
        Assert.Empty(Directory.GetFiles(home.Path));
    }

    private static async Task<JsonElement> AskAsync(TestFolder home)
    {
        var result = await GuardCli.RunAsync(home.Path, ["audit", "questions", "--home", home.Path, "--format", "json"]);
        Assert.True(result.ExitCode == 0, result.Everything);
        return JsonDocument.Parse(result.Out).RootElement;
    }

    private static async Task<byte[]> ReportAsync(TestFolder home, string format, Dictionary<string, string> environment)
    {
        var path = home.File($"report.{format}");
        var result = await GuardCli.RunAsync(home.Path, ["report", "--home", home.Path, "--format", format, "-o", path], environment: environment);
        Assert.True(result.ExitCode == 0, result.Everything);
        return await File.ReadAllBytesAsync(path, Bounded.Test);
    }

    private static async Task AssertPortalShowsAsync(TestFolder home, JsonElement totals)
    {
        await using var browser = await Chromium.StartAsync();
        var result = await Terminal.RunAsync(home.Path, "portal");
        var link = new Uri(Link().Match(result.Out).Value);
        var watched = await browser.NewPageAsync();
        await watched.Page.GotoAsync(link.AbsoluteUri);
        await watched.Page.GetByRole(AriaRole.Link, new() { Name = "Two questions" }).ClickAsync();
        await watched.Page.GetByRole(AriaRole.Heading, new() { Name = "By provider and plan" }).SeenAsync();
        foreach (var name in Totals)
        {
            Assert.Equal(totals.GetProperty(name).GetInt64().ToString("N0", CultureInfo.InvariantCulture), await watched.Page.Locator($"[data-total={name}]").InnerTextAsync());
        }

        Assert.Contains("contact-data-goes", await watched.Page.ContentAsync(), StringComparison.Ordinal);
        await watched.PictureAsync("questions");
        await watched.Page.SetViewportSizeAsync(420, 900);
        await watched.PictureAsync("questions-narrow");
        await watched.Page.SetViewportSizeAsync(1280, 800);
        await watched.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = ColorScheme.Dark });
        await watched.PictureAsync("questions-dark");

        // A provider's name asks about it alone; the exchange that left is one click away.
        await watched.Page.Locator("table.questions tbody a").ClickAsync();
        await watched.Page.GetByText("Filter: provider = openai").SeenAsync();

        // The button: the same bytes as the command line's.
        await watched.Page.GetByRole(AriaRole.Link, new() { Name = "Reports" }).ClickAsync();
        await watched.Page.SelectOptionAsync("#format", "json");
        await watched.PictureAsync("reports");
        var download = await watched.Page.RunAndWaitForDownloadAsync(() => watched.Page.GetByRole(AriaRole.Button, new() { Name = "Make the report" }).ClickAsync());
        Assert.EndsWith(".json", download.SuggestedFilename, StringComparison.Ordinal);
        await using var stream = await download.CreateReadStreamAsync();
        using var json = await JsonDocument.ParseAsync(stream, cancellationToken: Bounded.Test);
        Assert.Equal(totals.GetRawText(), Compact(json.RootElement.GetProperty("questions").GetProperty("totals")));
        Assert.Empty(watched.Errors);
        Assert.All(watched.Responses, r => Assert.Contains("default-src 'none'", r.Headers["content-security-policy"], StringComparison.Ordinal));
    }

    /// <summary>Checks a report as an auditor does, who has nothing but the report: the signature, and each record up to the signed root.</summary>
    internal static void AssertVerifies(JsonElement report, int? records = null)
    {
        var log = Assert.Single(report.GetProperty("questions").GetProperty("logs").EnumerateArray());
        var note = SignedNote.Parse(log.GetProperty("checkpoint").GetString()!);
        Assert.Equal(NoteVerdict.Good, note.Verify(VerifierKey.Parse(log.GetProperty("verifier_key").GetString()!)));
        var lines = note.Text.Split('\n');
        var listed = report.GetProperty("records").EnumerateArray().ToList();
        Assert.NotEmpty(listed);
        Assert.Equal(records ?? listed.Count, listed.Count);
        Assert.All(listed, record =>
        {
            var leaf = SHA256.HashData([0, .. Encoding.UTF8.GetBytes(record.GetProperty("canonical").GetString()!)]);
            var root = RootOf(leaf, record.GetProperty("leaf_index").GetInt64(), long.Parse(lines[1], CultureInfo.InvariantCulture), [.. record.GetProperty("inclusion_proof").EnumerateArray().Select(h => h.GetBytesFromBase64())]);
            Assert.Equal(lines[2], Convert.ToBase64String(root));
        });
    }

    /// <summary>RFC 9162 §2.1.3.2, written for the tests alone.</summary>
    private static byte[] RootOf(byte[] leaf, long index, long size, byte[][] proof)
    {
        var (node, last, hash) = (index, size - 1, leaf);
        foreach (var sibling in proof)
        {
            if ((node & 1) == 1 || node == last)
            {
                hash = SHA256.HashData([1, .. sibling, .. hash]);
                while ((node & 1) == 0 && node != 0)
                {
                    (node, last) = (node >> 1, last >> 1);
                }
            }
            else
            {
                hash = SHA256.HashData([1, .. hash, .. sibling]);
            }

            (node, last) = (node >> 1, last >> 1);
        }

        return last == 0 ? hash : [];
    }

    private static string Compact(JsonElement element) => JsonSerializer.Serialize(element);

    private static async Task SendAsync(GuardProcess guard, string prompt, int status)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new { model = "gpt-test", messages = new[] { new { role = "user", content = prompt } } });
        await using var connection = await RawConnection.OpenAsync(guard.Proxy);
        var response = await connection.RequestAsync("POST", "/openai/v1/chat/completions", guard.Proxy.Authority, ["Content-Type: application/json", "User-Agent: curl/8"], body);
        Assert.True(response.Status == status, $"{response}");
    }

    [GeneratedRegex(@"http://\S+\.localhost:\d+/\S*#\w+")]
    private static partial Regex Link();
}
