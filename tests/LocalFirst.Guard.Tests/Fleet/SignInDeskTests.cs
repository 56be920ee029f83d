using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Fleet.SignIn;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace LocalFirst.Guard.Tests.Fleet;

public sealed class SignInDeskTests
{
    [Fact]
    public async Task Strangers_who_fail_to_sign_in_cannot_fill_the_log()
    {
        var journal = new Journal();
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 25, 10, 0, 0, TimeSpan.Zero));
        var desk = new SignInDesk(null!, journal, time);
        for (var i = 0; i < 1000; i++)
        {
            await desk.RefuseAsync(SignInProblem.Refused, TestContext.Current.CancellationToken);
        }

        Assert.Equal(SignInDesk.FailuresAMinute, journal.Details.Count);
        time.Advance(TimeSpan.FromMinutes(1));
        await desk.RefuseAsync(SignInProblem.Refused, TestContext.Current.CancellationToken);
        Assert.Contains("980 more", journal.Details[^1], StringComparison.Ordinal);
    }

    private sealed class Journal : IServerJournal
    {
        public List<string> Details { get; } = [];

        public Task RecordAsync(string name, string detail, string person, CancellationToken cancellation = default)
        {
            Details.Add(detail);
            return Task.CompletedTask;
        }
    }
}
