using System.Net;
using System.Text;
using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.Fleet.Membership;
using Xunit;

namespace LocalFirst.Guard.Tests.Fleet.Membership;

/// <summary>The poll of the policy: what it asks, what it records, and how long it waits.</summary>
public sealed class BundlePollTests : IDisposable
{
    private readonly SomeFleet _fleet = new();
    private readonly DeviceIdentity _identity;
    private readonly RecordedEvents _log = new();
    private readonly List<string> _said = [];
    private readonly List<HttpRequestMessage> _requests = [];
    private readonly BundleStore _store;
    private readonly FleetClient _client;
    private Func<HttpRequestMessage, HttpResponseMessage> _answer = _ => new HttpResponseMessage(HttpStatusCode.InternalServerError);

    public BundlePollTests()
    {
        _identity = DeviceIdentity.Open(_fleet.Device.Keys);
        _store = _fleet.OpenStore();
        _client = FleetClient.Signed(_fleet.Membership.Server, _identity, _fleet.Time, new Answering(request =>
        {
            _requests.Add(request);
            return Task.FromResult(_answer(request));
        }));
        Poll = new BundlePoll(_client, _store, new FleetJournal(_log, _fleet.Time, _said.Add), _fleet.Time, new Random(1));
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private BundlePoll Poll { get; }

    public void Dispose()
    {
        _client.Dispose();
        _identity.Dispose();
        _fleet.Dispose();
    }

    [Fact]
    public async Task What_did_not_change_is_asked_for_by_its_tag_and_the_obeyed_version_is_told()
    {
        _answer = _ => Bundle(_fleet.Note(4), "\"4-1\"");
        await Poll.OnceAsync(Stop);
        _answer = _ => new HttpResponseMessage(HttpStatusCode.NotModified);
        await Poll.OnceAsync(Stop);

        Assert.False(_requests[0].Headers.Contains("If-None-Match"));
        Assert.Equal("\"4-1\"", Assert.Single(_requests[1].Headers.GetValues("If-None-Match")));
        Assert.Equal("4", Assert.Single(_requests[1].Headers.GetValues("Guard-Bundle")));
        Assert.True(_requests[1].Headers.Contains("Signature"));
        Assert.Null(Poll.Problem);
        Assert.Equal(4, _store.InForce!.Bundle.Version);
        Assert.Equal("policy-bundle", Assert.Single(_log.Events).Name);
    }

    [Fact]
    public async Task A_bundle_that_is_refused_again_and_again_is_recorded_once_a_cause()
    {
        _store.Accept(_fleet.Note(4, "strict"));
        using var other = new SomeFleet();
        foreach (var note in (string[])[_fleet.Note(3), _fleet.Note(2), _fleet.Note(3), other.Note(9), other.Note(9), "unsigned", _fleet.Note(9, issued: SomeFleet.Start.AddHours(2))])
        {
            _answer = _ => Bundle(note, "\"x\"");
            _fleet.Time.Advance(TimeSpan.FromSeconds(10));
            await Poll.OnceAsync(Stop);
        }

        Assert.Equal(4, _store.InForce!.Bundle.Version);
        Assert.NotNull(Poll.Problem);
        Assert.All(_log.Events, e => Assert.Equal("policy-bundle-refused", e.Name));
        Assert.Equal(["older", "not signed with the key", "not a signed policy bundle", "future"], _log.Events.Select(e => new[] { "older", "not signed with the key", "not a signed policy bundle", "future" }.Single(w => e.Detail.Contains(w, StringComparison.Ordinal))));
        Assert.All(_requests, r => Assert.False(r.Headers.Contains("If-None-Match")));
    }

    [Fact]
    public async Task A_server_that_is_away_is_said_once_and_its_return_too_and_the_bundle_stays()
    {
        _store.Accept(_fleet.Note(1));
        _answer = _ => throw new HttpRequestException(HttpRequestError.ConnectionError, "refused");
        await Poll.OnceAsync(Stop);
        await Poll.OnceAsync(Stop);
        Assert.Equal(FleetProblem.Unreachable, Poll.Problem!.Problem);
        Assert.Contains("goes on guarding with policy bundle 1", Assert.Single(_said), StringComparison.Ordinal);

        _answer = _ => new HttpResponseMessage(HttpStatusCode.NotModified);
        _answer = _ => Bundle(_fleet.Note(1), "\"1\"");
        await Poll.OnceAsync(Stop);

        Assert.Equal(2, _said.Count);
        Assert.Null(Poll.Problem);
        Assert.Empty(_log.Events);
        Assert.Equal(1, _store.InForce!.Bundle.Version);
    }

    [Fact]
    public async Task A_revoked_device_says_so_aloud_and_goes_on_guarding()
    {
        _store.Accept(_fleet.Note(1));
        _answer = _ => new HttpResponseMessage(HttpStatusCode.Forbidden)
        {
            Content = new StringContent("""{"title":"Revoked","status":403,"detail":"This device was revoked on 2026-11-23 09:00:00Z. Ask your security team."}""", Encoding.UTF8, "application/problem+json"),
        };
        await Poll.OnceAsync(Stop);
        await Poll.OnceAsync(Stop);

        var recorded = Assert.Single(_log.Events);
        Assert.Equal("device-revoked", recorded.Name);
        Assert.Contains("goes on guarding", recorded.Detail, StringComparison.Ordinal);
        Assert.Equal(recorded.Detail, Assert.Single(_said));
        Assert.NotNull(_store.InForce);
    }

    [Fact]
    public async Task An_expiry_without_the_server_is_recorded_once()
    {
        _store.Accept(_fleet.Note(1));
        _answer = _ => throw new HttpRequestException("away");
        _fleet.Time.Advance(TimeSpan.FromDays(7));
        await Poll.OnceAsync(Stop);
        await Poll.OnceAsync(Stop);

        Assert.Equal("policy-bundle-expired", Assert.Single(_log.Events).Name);
    }

    [Fact]
    public async Task What_was_refused_at_the_start_is_recorded_when_the_poll_begins()
    {
        _store.Accept(_fleet.Note(1));
        File.Delete(_fleet.Folder.SeenFile);
        using var stop = new CancellationTokenSource();
        _answer = _ =>
        {
            stop.Cancel();
            return new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
        };

        await new BundlePoll(_client, _fleet.OpenStore(), new FleetJournal(_log, _fleet.Time, _said.Add), _fleet.Time, new Random(1)).RunAsync(stop.Token);

        Assert.Equal("policy-bundle-refused", Assert.Single(_log.Events).Name);
        Assert.Contains("nothing leaves", _log.Events[0].Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void The_pace_backs_off_to_a_bound_and_comes_back()
    {
        var pace = new Pace(TimeSpan.FromSeconds(10), new Random(7));
        var waits = Enumerable.Range(0, 40).Select(_ => pace.Failed()).ToList();

        for (var at = 0; at < waits.Count; at++)
        {
            var full = TimeSpan.FromSeconds(Math.Min(60, 2 * Math.Pow(2, at)));
            Assert.InRange(waits[at], full / 2, full);
        }

        Assert.InRange(pace.Worked(), TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(12));
        Assert.InRange(pace.Failed(), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
        Assert.Equal(40, waits.Distinct().Count());
    }

    private static HttpResponseMessage Bundle(string note, string tag)
    {
        var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(note) };
        response.Headers.TryAddWithoutValidation("ETag", tag);
        return response;
    }
}
