using System.Net;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Portal.Display;
using LocalFirst.Guard.Tests.Audit;
using Xunit;

namespace LocalFirst.Guard.Tests.Portal;

public sealed class SpendPageTests
{
    [Fact]
    public async Task The_page_tells_the_split_the_saving_the_budget_and_what_nobody_knows()
    {
        var records = new FakeRecords();
        records.Add("a", "planning", "allow", "forwarded", new RecordedUsage("claude-opus-4-8", 100, 0, 0, 20, 1_500_000_000, 1_500_000_000, "p"));
        records.Add("b", "execution", "local", "answered-locally", new RecordedUsage("demo", 200, 0, 0, 30, 0, 750_000_000, "p"));
        records.Add("c", null, "allow", "forwarded", new RecordedUsage("unheard-of", 1, 0, 0, 1, null, null, null, IsEstimate: true));
        await using var portal = await PortalFixture.StartAsync(records, budget: 10);
        using var browser = await portal.SignInAsync();

        var page = WebUtility.HtmlDecode(await browser.TextAsync("/spend"));

        Assert.Contains("Spend in November 2026", page, StringComparison.Ordinal);
        Assert.Contains("$1.50", page, StringComparison.Ordinal);
        Assert.Contains("$0.750", page, StringComparison.Ordinal);
        Assert.Contains("$8.50", page, StringComparison.Ordinal);
        Assert.Contains("1 request has an unknown cost", page, StringComparison.Ordinal);
        Assert.Contains("The tokens of 1 requests are estimates", page, StringComparison.Ordinal);
        Assert.Contains("33 % of the requests", page, StringComparison.Ordinal);
        Assert.DoesNotContain("style=", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hostile_model_name_is_shown_as_text()
    {
        var records = new FakeRecords();
        records.Add("a", "planning", "allow", "forwarded", new RecordedUsage("m", 1, 0, 0, 1, 1, 1, "p"), model: "<img src=x onerror=alert(1)>");
        await using var portal = await PortalFixture.StartAsync(records);
        using var browser = await portal.SignInAsync();
        Assert.DoesNotContain("<img src=x", await browser.TextAsync("/spend"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("?month=2026-10")]
    [InlineData("?month=%00")]
    [InlineData("?from=2026-11-01&to=2026-11-07")]
    [InlineData("?from=2026-11-09&to=2026-11-07")]
    [InlineData("?month=9999-99")]
    public async Task Whatever_period_is_asked_for_the_page_answers(string query)
    {
        await using var portal = await PortalFixture.StartAsync(new FakeRecords());
        using var browser = await portal.SignInAsync();
        using var answer = await browser.GetAsync("/spend" + query);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Nobody_sees_it_without_signing_in()
    {
        await using var portal = await PortalFixture.StartAsync(new FakeRecords());
        using var browser = portal.Open();
        using var answer = await browser.GetAsync("/spend");
        Assert.NotEqual(HttpStatusCode.OK, answer.StatusCode);
    }

    [Theory]
    [InlineData("0", "$0.00")]
    [InlineData("1234.5", "$1,234.50")]
    [InlineData("-3.456", "-$3.46")]
    [InlineData("0.25", "$0.250")]
    [InlineData("0.000123", "$0.000123")]
    public void Money_is_shown_with_as_many_places_as_it_needs(string usd, string shown) =>
        Assert.Equal(shown, Show.Dollars(decimal.Parse(usd, System.Globalization.CultureInfo.InvariantCulture)));
}
