using System.Net;
using LocalFirst.Guard.Audit.Questions;
using LocalFirst.Guard.Portal.Reports;
using LocalFirst.Guard.Tests.Audit.Questions;
using Xunit;
using static LocalFirst.Guard.Tests.Audit.Questions.QuestionRecords;

namespace LocalFirst.Guard.Tests.Portal;

public sealed class QuestionsPageTests
{
    private const string Hostile = "<img src=x onerror=alert(1)>";

    [Fact]
    public async Task The_numbers_are_those_of_the_answer_and_hostile_names_are_text()
    {
        var records = new QuestionRecords().Add(Decision("a", findings: 1, provider: Hostile, terms: Hostile)).Add(Outcome("a", bytes: 4321)).Add(Decision("b", "block")).Add(Outcome("b", "refused", 0));
        await using var portal = await PortalFixture.StartAsync(records);
        using var browser = await portal.SignInAsync();

        var page = await browser.TextAsync("/questions?from=2026-11-01&to=2026-11-30");

        Assert.Contains("data-total=\"requests\">2<", page, StringComparison.Ordinal);
        Assert.Contains("data-total=\"bytes_out\">4,321<", page, StringComparison.Ordinal);
        Assert.Contains("1 of 1 requests left although something had been found (1 finding).", page, StringComparison.Ordinal);
        Assert.Contains("&lt;img src=x onerror=alert(1)&gt;", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<img src=x", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_period_that_is_none_is_said_to_be_none()
    {
        await using var portal = await PortalFixture.StartAsync(new QuestionRecords());
        using var browser = await portal.SignInAsync();
        Assert.Contains("The period ends before it begins.", await browser.TextAsync("/questions?from=2026-11-30&to=2026-11-01"), StringComparison.Ordinal);
        Assert.Contains("The beginning is neither a day", await browser.TextAsync("/questions?from=%3Cb%3E"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_portal_without_answers_has_no_such_page()
    {
        await using var portal = await PortalFixture.StartAsync();
        using var browser = await portal.SignInAsync();
        foreach (var path in new[] { "/questions", "/reports" })
        {
            using var answer = await browser.GetAsync(path);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
    }

    [Fact]
    public async Task A_report_is_saved_and_never_shown_in_the_portals_own_origin()
    {
        await using var portal = await PortalFixture.StartAsync(new QuestionRecords());
        using var browser = await portal.SignInAsync();
        var token = await browser.FormTokenAsync("/reports");

        using (var forged = await browser.PostAsync("/reports", ("from", "2026-11-01"), ("to", "2026-11-30"), ("format", "html")))
        {
            Assert.Equal(HttpStatusCode.BadRequest, forged.StatusCode);
        }

        using var answer = await browser.PostAsync("/reports", ("from", "2026-11-01"), ("to", "2026-11-30"), ("format", "html"), ("provider", "openai"), ("__RequestVerificationToken", token));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("attachment; filename=\"r.html\"", answer.Content.Headers.ContentDisposition!.ToString());
        Assert.Equal("2026-11-01T00:00:00Z to 2026-12-01T00:00:00Z (UTC; the end does not belong to it), provider = openai", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        using var unknown = await browser.PostAsync("/reports", ("from", "2026-11-01"), ("to", "2026-11-30"), ("format", "exe"), ("__RequestVerificationToken", token));
        Assert.Contains("Choose one of the forms.", await unknown.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    /// <summary>Writes what it was asked for.</summary>
    internal sealed class EchoDesk : IReportDesk
    {
        public IReadOnlyList<string> Formats => ["html"];

        public Task<ReportFile> MakeAsync(string format, QuestionPeriod period, QuestionFilter filter, string person, CancellationToken cancellation) =>
            Task.FromResult(new ReportFile($"r.{format}", "text/html", async (output, stop) => await output.WriteAsync(System.Text.Encoding.UTF8.GetBytes($"{period}, {filter}"), stop)));
    }
}
