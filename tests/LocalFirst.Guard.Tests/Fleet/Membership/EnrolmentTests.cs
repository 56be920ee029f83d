using LocalFirst.Guard.Fleet.Api;
using LocalFirst.Guard.Fleet.Membership;
using LocalFirst.Guard.MachineSetup.Processes;
using Xunit;

namespace LocalFirst.Guard.Tests.Fleet.Membership;

/// <summary>What an enrolment checks before it asks anybody, and how its errors read.</summary>
public sealed class EnrolmentTests
{
    private static readonly DateTimeOffset Now = SomeFleet.Start;

    [Theory]
    [InlineData(60, "1 h ahead")]
    [InlineData(-60, "1 h behind")]
    [InlineData(6, "6 min ahead")]
    public void A_clock_that_is_off_is_named_with_both_times_and_the_mend(int minutes, string expected)
    {
        var error = Assert.Throws<FleetException>(() => Enrolment.CheckClock(Described(Now), Now.AddMinutes(minutes)));

        Assert.Equal(FleetProblem.Clock, error.Problem);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("network time", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Some_minutes_are_let_pass() => Enrolment.CheckClock(Described(Now), Now.AddMinutes(4));

    [Theory]
    [InlineData("guard.example")]
    [InlineData("ftp://guard.example")]
    [InlineData("http://guard.example")]
    [InlineData("https://me:word@guard.example")]
    [InlineData("https://guard.example/?a=b")]
    public void An_address_that_is_none_is_refused_with_an_example(string text) =>
        Assert.Contains("https://", Assert.Throws<FleetException>(() => ServerAddress.Parse(text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("https://guard.example", "https://guard.example/")]
    [InlineData("http://127.0.0.1:8443", "http://127.0.0.1:8443/")]
    [InlineData("https://guard.example/fleet", "https://guard.example/fleet/")]
    public void An_address_is_kept_as_a_base(string text, string expected) => Assert.Equal(expected, ServerAddress.Parse(text).AbsoluteUri);

    [Fact]
    public void The_password_of_an_address_is_not_repeated() =>
        Assert.DoesNotContain("word", Assert.Throws<FleetException>(() => ServerAddress.Parse("https://me:word@guard.example")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("firefox", "firefox https://a/?b=c%20d")]
    [InlineData("one --new %s:two", "one --new https://a/?b=c%20d|two https://a/?b=c%20d")]
    public void The_browser_is_the_one_that_BROWSER_names(string browser, string expected) =>
        Assert.Equal(expected, string.Join('|', SystemBrowser.CommandsFor("https://a/?b=c%20d", browser).Select(c => string.Join(' ', c))));

    [Fact]
    public void Without_any_browser_nothing_is_said_to_be_open() =>
        Assert.False(SystemBrowser.TryOpen(new Uri("https://localhost/"), _ => "/no/such/browser"));

    [Fact]
    public void What_a_server_says_is_shown_without_what_controls_a_terminal()
    {
        Assert.Equal("a [31mb c", FleetClient.Sentence(new FleetAnswer(400, "text/plain", "a\u001b [31mb\nc\u202e")).Replace("  ", " ", StringComparison.Ordinal));
        Assert.DoesNotContain("<p>", FleetClient.Sentence(new FleetAnswer(502, "text/html", "<p>")), StringComparison.Ordinal);
    }

    private static FleetDescription Described(DateTimeOffset time) => new(1, "f", "n", "https://d/", "c", [], "", "", time);
}
