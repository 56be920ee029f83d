using System.Security.Cryptography;
using System.Text;
using FsCheck.Xunit;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Inspection;
using LocalFirst.Guard.LocalModels;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Protocols;
using Xunit;

namespace LocalFirst.Guard.Tests.Exchanges;

public sealed class ExchangePipelineTests
{
    private readonly ExchangeFakes _fakes = new();

    [Fact]
    public async Task A_clean_request_is_recorded_then_forwarded_byte_for_byte_then_its_outcome_recorded()
    {
        var body = ExchangeFakes.Chat("hello") + " \n";

        await SendAsync(body);

        Assert.Equal(["decision", "forward", "outcome"], _fakes.Journal);
        Assert.Equal(Encoding.UTF8.GetBytes(body), _fakes.Upstream.Bodies.Single());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_flagged_request_is_answered_locally_and_never_forwarded(bool stream)
    {
        await SendAsync(ExchangeFakes.Chat("this is forbidden", stream));

        Assert.Equal(["decision", "outcome"], _fakes.Journal);
        Assert.Equal(200, _fakes.Client.Status);
        Assert.Contains("word0", _fakes.Client.Body, StringComparison.Ordinal);
        Assert.Contains(new HeaderField("x-localfirst-route", "local"), _fakes.Client.Headers);
        Assert.Equal("answered-locally", Outcome().Result);
    }

    [Fact]
    public async Task A_flagged_request_without_a_local_model_gets_400_with_the_mend()
    {
        _fakes.Executor.Status = new ExecutorStatus(false, "No local model is chosen; run guard model use NAME.");

        await SendAsync(ExchangeFakes.Chat("this is forbidden"));

        Assert.Equal(400, _fakes.Client.Status);
        Assert.Contains("guard model use", _fakes.Client.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("forbidden", _fakes.Client.Body, StringComparison.Ordinal);
        Assert.Empty(_fakes.Upstream.Bodies);
    }

    [Fact]
    public async Task Nothing_leaves_when_the_log_cannot_be_written()
    {
        _fakes.Log.Broken = true;

        await SendAsync(ExchangeFakes.Chat("hello"));

        Assert.Equal(503, _fakes.Client.Status);
        Assert.Empty(_fakes.Upstream.Bodies);
    }

    [Fact]
    public async Task Nothing_leaves_when_policy_throws()
    {
        _fakes.Policy = _ => throw new InvalidOperationException("forbidden value in here");

        await SendAsync(ExchangeFakes.Chat("hello"));

        Assert.Equal(503, _fakes.Client.Status);
        Assert.DoesNotContain("forbidden value", _fakes.Client.Body, StringComparison.Ordinal);
        Assert.Empty(_fakes.Upstream.Bodies);
    }

    [Fact]
    public async Task A_detector_that_fails_makes_the_request_stay_local()
    {
        _fakes.Inspector = new FailingInspector();

        await SendAsync(ExchangeFakes.Chat("hello"));

        Assert.Equal("uninspectable", Decision().State);
        Assert.Empty(_fakes.Upstream.Bodies);
    }

    [Fact]
    public async Task What_is_refused_by_its_form_is_recorded_and_keeps_its_status()
    {
        await SendAsync("", new Refusal(426, "no WebSocket", "upgrade_refused"));

        Assert.Equal(426, _fakes.Client.Status);
        Assert.Equal("block", Decision().Action);
        Assert.Equal("undecodable", Decision().State);
        Assert.Empty(_fakes.Upstream.Bodies);
    }

    [Fact]
    public async Task An_executor_that_fails_at_once_is_told_as_an_error_that_clients_do_not_retry()
    {
        _fakes.Executor.FailsAfter = 0;

        await SendAsync(ExchangeFakes.Chat("this is forbidden", stream: true));

        Assert.Equal(400, _fakes.Client.Status);
        Assert.Contains("the model went away", _fakes.Client.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_executor_that_fails_in_the_middle_ends_the_stream_with_an_error_and_is_recorded()
    {
        _fakes.Executor.FailsAfter = 2;

        await SendAsync(ExchangeFakes.Chat("this is forbidden", stream: true));

        Assert.Contains("word1", _fakes.Client.Body, StringComparison.Ordinal);
        Assert.Contains("error", _fakes.Client.Body, StringComparison.Ordinal);
        Assert.Equal("failed", Outcome().Result);
    }

    [Fact]
    public async Task A_record_holds_places_and_no_text()
    {
        await SendAsync(ExchangeFakes.Chat("this is forbidden"));

        var finding = Assert.Single(Decision().Findings);
        Assert.Equal("/messages/0/content", finding.Place);
        Assert.DoesNotContain("forbidden", Decision().ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_name_in_which_something_was_found_is_not_recorded()
    {
        await SendAsync("""{"model":"forbidden","messages":[{"role":"user","content":"hello"}]}""");

        Assert.Null(Decision().Model);
    }

    [Fact]
    public async Task A_client_that_is_gone_still_gets_its_outcome_recorded()
    {
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();

        await _fakes.SendAsync(ExchangeFakes.Chat("this is forbidden"), cancellation: gone.Token);

        Assert.Equal(["decision", "outcome"], _fakes.Journal);
        Assert.Equal("cancelled", Outcome().Result);
    }

    [Fact]
    public async Task A_client_that_leaves_while_it_is_told_that_the_model_failed_still_gets_its_outcome_recorded()
    {
        _fakes.Executor.FailsAfter = 0;
        _fakes.Client.Gone = true;

        await SendAsync(ExchangeFakes.Chat("this is forbidden"));

        Assert.Equal(["decision", "outcome"], _fakes.Journal);
        Assert.Equal("executor-failed", Outcome().Error);
    }

    [Fact]
    public async Task The_reason_of_a_part_that_cannot_be_inspected_quotes_no_property_name_of_the_client()
    {
        await SendAsync("""{"model":"gpt-5","messages":[{"role":"user","content":"hello"}],"jane.doe":{"file_id":"file-1"}}""");

        Assert.Equal("uninspectable", Decision().State);
        Assert.Contains("/*/file_id", Decision().StateReason, StringComparison.Ordinal);
        Assert.DoesNotContain("jane", Decision().ToString() + string.Join(' ', Decision().Reasons) + _fakes.Client.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Large_bodies_are_judged_a_few_at_a_time()
    {
        var most = Math.Max(2, Environment.ProcessorCount);
        var inspector = new CrowdInspector(most);
        _fakes.Inspector = inspector;
        var pipeline = _fakes.Pipeline();
        var body = Encoding.UTF8.GetBytes(ExchangeFakes.Chat(new string('a', CrowdInspector.Large)));
        var requests = Enumerable.Range(0, most + 3).Select(_ => Task.Factory.StartNew(
            async () =>
            {
                using var request = ExchangeFakes.Request(body);
                await pipeline.HandleAsync(request, new ExchangeFakes().Upstream, new ExchangeFakes.FakeClient(), CancellationToken.None);
            },
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default).Unwrap());

        await Task.WhenAll(requests);

        Assert.Equal(most, inspector.Most);
    }

    [Property(MaxTest = 300)]
    public void No_body_leaves_unless_its_own_recorded_decision_allows_it(byte[] body)
    {
        var fakes = new ExchangeFakes();
        using var request = ExchangeFakes.Request(body);
        fakes.Pipeline().HandleAsync(request, fakes.Upstream, fakes.Client, CancellationToken.None).GetAwaiter().GetResult();

        var allowed = fakes.Log.Records.OfType<DecisionRecord>().Count(d => d.Action == "allow");
        Assert.Equal(allowed, fakes.Upstream.Bodies.Count);
        Assert.True(fakes.Client.HasStarted || allowed == 1);
    }

    [Theory]
    [InlineData(PolicyAction.Local)]
    [InlineData(PolicyAction.Redact)]
    [InlineData(PolicyAction.Block)]
    public async Task Only_a_decision_to_allow_gives_its_body_out(PolicyAction action)
    {
        using var decision = await RecordAsync(action);

        Assert.Throws<InvalidOperationException>(() => decision.ClaimBodyForForwarding());
    }

    [Fact]
    public async Task A_decision_is_used_once()
    {
        using var decision = await RecordAsync(PolicyAction.Allow);
        Assert.Equal(SHA256.HashData("body"u8), decision.BodySha256.ToArray());

        Assert.Equal("body"u8.ToArray(), decision.ClaimBodyForForwarding().ToArray());
        Assert.Throws<InvalidOperationException>(() => decision.ClaimBodyForForwarding());
    }

    [Fact]
    public void A_decision_comes_from_the_record_step_alone() =>
        Assert.Empty(typeof(Guard.Exchanges.RecordedDecision).GetConstructors());

    private async Task<Guard.Exchanges.RecordedDecision> RecordAsync(PolicyAction action)
    {
        var request = ExchangeFakes.Request("body"u8.ToArray());
        var verdict = new Verdict(action, [], "test", "1", "hash");
        await SendAsync(ExchangeFakes.Chat("hello"));
        return await new Guard.Exchanges.RecordedDecision.Recorder(_fakes.Log).RecordAsync(request, verdict, Decision(), TestContext.Current.CancellationToken);
    }

    private Task SendAsync(string body, Refusal? refusedByForm = null) =>
        _fakes.SendAsync(body, refusedByForm, TestContext.Current.CancellationToken);

    /// <summary>Lets nobody go before as many are in as may be, and counts how many there were at most.</summary>
    private sealed class CrowdInspector(int expected) : IInspector
    {
        public const int Large = 5 * 1024 * 1024;

        private readonly TaskCompletionSource _full = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _inside;

        public int Most { get; private set; }

        public InspectionResult Inspect(InspectionText text)
        {
            if (text.Text.Length < Large)
            {
                return InspectionResult.Clean;
            }

            lock (_full)
            {
                Most = Math.Max(Most, ++_inside);
                if (_inside == expected)
                {
                    _full.TrySetResult();
                }
            }

            _full.Task.GetAwaiter().GetResult();
            lock (_full)
            {
                _inside--;
            }

            return InspectionResult.Clean;
        }
    }

    private DecisionRecord Decision() => _fakes.Log.Records.OfType<DecisionRecord>().First();

    private OutcomeRecord Outcome() => _fakes.Log.Records.OfType<OutcomeRecord>().Single();
}
