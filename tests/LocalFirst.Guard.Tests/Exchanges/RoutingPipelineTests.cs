using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Exchanges;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Protocols;
using LocalFirst.Guard.Routing;
using LocalFirst.Guard.Tests.Policies;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace LocalFirst.Guard.Tests.Exchanges;

/// <summary>Phases, models and money on the whole way of an exchange.</summary>
public sealed class RoutingPipelineTests : IAsyncDisposable
{
    private const string ExecutionLocal = "name: p\nversion: \"1\"\nrules:\n  - {id: execution-stays, when: {phase: execution}, then: local, reason: Execution is done here.}\n  - {id: secrets-stay, when: {detector: secrets}, then: local, reason: A credential.}\n";
    private const string PlanningPremium = "name: p\nversion: \"1\"\nrules:\n  - {id: premium, when: {phase: planning}, then: allow, model: claude-opus-4-8, reason: Plans get the best model.}\n  - {id: secrets-stay, when: {detector: secrets}, then: local, reason: A credential.}\n";

    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 22, 9, 0, 0, TimeSpan.Zero));
    private readonly ExchangeFakes _fakes = new();
    private readonly AnsweringUpstream _upstream = new();
    private readonly RouteStep _route;
    private readonly ExchangePipeline _pipeline;
    private Policy _policy = PolicyFile.BuiltIn("default");

    public RoutingPipelineTests()
    {
        var clients = ClientCatalogue.LoadBuiltIn();
        _route = new RouteStep(new SessionRouter(clients, _time), new BudgetLedger(_time), PriceCatalogue.LoadBuiltIn());
        _pipeline = new ExchangePipeline(
            new RequestDecoder(),
            new InspectStep(new WordInspector("forbidden")),
            new DecideStep(facts => PolicyEvaluator.Evaluate(_policy, facts), clients, _fakes.Executor),
            _fakes.Log,
            _fakes.Executor,
            _time,
            route: _route);
    }

    public ValueTask DisposeAsync() => _pipeline.DisposeAsync();

    [Fact]
    public async Task Planning_goes_to_the_provider_untouched_and_execution_stays()
    {
        Use(ExecutionLocal);
        var plan = Body(User("plan it"), Harness("Plan mode is active."));
        await SendAsync(plan);
        await SendAsync(Body(User("plan it"), Harness("Plan mode is active."), Assistant("a plan"), User("do it"), Harness("## Exited Plan Mode")));

        Assert.Equal(plan, Encoding.UTF8.GetString(Assert.Single(_upstream.Bodies)));
        Assert.Equal(["planning", "execution"], Decisions().Select(d => d.Phase));
        Assert.Equal(["allow", "local"], Decisions().Select(d => d.Action));
        Assert.All(Decisions(), d => Assert.Equal("hash", d.Session));
        var (cloud, local) = (Outcomes()[0].Usage!, Outcomes()[1].Usage!);
        Assert.Equal(("claude-sonnet-5", 30L, 64L, 6L, 20L), (cloud.Model, cloud.Input, cloud.CacheRead, cloud.CacheWrite, cloud.Output));
        Assert.Equal((30L * 2_000) + (64 * 200) + (6 * 2_500) + (20 * 10_000), cloud.CostNanoUsd);
        Assert.Equal(cloud.CostNanoUsd, cloud.CloudCostNanoUsd);
        Assert.Equal(("fake", 5L, 3L, (long?)0), (local.Model, local.Input, local.Output, local.CostNanoUsd));
        Assert.True(local.CloudCostNanoUsd > 0);
        Assert.False(string.IsNullOrEmpty(local.Prices));
    }

    [Fact]
    public async Task A_secret_in_the_planning_turn_keeps_it_here_whatever_the_router_says()
    {
        Use(PlanningPremium);
        await SendAsync(Body(User("plan it, forbidden"), Harness("Plan mode is active.")));
        Assert.Empty(_upstream.Bodies);
        Assert.Equal(("planning", "local", null), ((string?)Decisions()[0].Phase, Decisions()[0].Action, Decisions()[0].ModelSent));
    }

    [Fact]
    public async Task A_model_rule_changes_the_model_and_no_other_byte()
    {
        Use(PlanningPremium);
        var body = Body(User("a \\u0041 \"model\":\"x\" é"), Harness("Plan mode is active.")).Replace("{\"model\":\"claude-sonnet-5\"", "{ \"model\" :\t\"claude-sonnet\\u002d5\" ", StringComparison.Ordinal) + "\r\n ";
        await SendAsync(body, ("Content-Length", "1"));

        Assert.Equal(body.Replace("\"claude-sonnet\\u002d5\"", "\"claude-opus-4-8\"", StringComparison.Ordinal), Encoding.UTF8.GetString(_upstream.Bodies.Single()));
        var length = _upstream.Bodies[0].Length.ToString(System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(length, _upstream.Headers.Single().Single(h => h.Name == "Content-Length").Value);
        Assert.Equal(("claude-sonnet-5", "claude-opus-4-8"), (Decisions()[0].Model, Decisions()[0].ModelSent));
        Assert.Equal(Encoding.UTF8.GetByteCount(body), Decisions()[0].BodyBytes);
        Assert.True(Outcomes()[0].Usage!.CostNanoUsd >= Outcomes()[0].Usage!.CloudCostNanoUsd);
    }

    [Theory]
    [InlineData("Signature", "sig1=:abc:", "the client signed the body")]
    [InlineData("Content-Digest", "sha-256=:abc:", "the client signed the body")]
    [InlineData("Authorization", "AWS4-HMAC-SHA256 Credential=x", "the client signed the body")]
    public async Task A_signed_body_goes_as_it_is_and_the_reason_says_so(string header, string value, string why)
    {
        Use(PlanningPremium);
        var body = Body(User("plan"), Harness("Plan mode is active."));
        await SendAsync(body, (header, value));
        Assert.Equal(body, Encoding.UTF8.GetString(_upstream.Bodies.Single()));
        Assert.Null(Decisions()[0].ModelSent);
        Assert.Contains(why, Decisions()[0].Reasons.Single(r => r.Rule == "premium").Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_models_in_one_request_are_not_rewritten()
    {
        Use(PlanningPremium);
        var body = Body(User("plan"), Harness("Plan mode is active.")).Replace("\"max_tokens\"", "\"model\":\"other\",\"max_tokens\"", StringComparison.Ordinal);
        await SendAsync(body);
        Assert.Equal(body, Encoding.UTF8.GetString(_upstream.Bodies.Single()));
        Assert.Contains("exactly one model", Decisions()[0].Reasons.Single(r => r.Rule == "premium").Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_the_budget_at_zero_everything_stays_here_and_the_reason_names_the_mend()
    {
        Use("name: p\nversion: \"1\"\nbudget: {monthlyUsd: 0}\nrules: []\n");
        await SendAsync(Body(User("plan it"), Harness("Plan mode is active.")));
        await SendAsync(Body(User("do it")));
        Assert.Empty(_upstream.Bodies);
        Assert.All(Decisions(), d => Assert.Equal(("local", PolicyEvaluator.BudgetSpentRule), (d.Action, d.Reasons[0].Rule)));
        Assert.Contains("November 2026", Decisions()[0].Reasons[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_local_model_a_spent_budget_is_refused_with_400_and_the_mend()
    {
        _fakes.Executor.Status = new LocalFirst.Guard.LocalModels.ExecutorStatus(false, "No local model is chosen; run guard model use NAME.");
        Use("name: p\nversion: \"1\"\nbudget: {monthlyUsd: 0}\nrules: []\n");
        await SendAsync(Body(User("x")));
        Assert.Empty(_upstream.Bodies);
        Assert.Equal(400, _fakes.Client.Status);
        Assert.Contains("budget.monthlyUsd", _fakes.Client.Body, StringComparison.Ordinal);
        Assert.Contains("guard model use", _fakes.Client.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_without_a_price_does_not_leave_while_a_budget_holds()
    {
        Use("name: p\nversion: \"1\"\nbudget: {monthlyUsd: 100}\nrules: []\n");
        await SendAsync(Body(User("x")).Replace("claude-sonnet-5", "claude-unheard-of", StringComparison.Ordinal));
        Assert.Empty(_upstream.Bodies);
        Assert.Equal(PolicyEvaluator.NoPriceRule, Decisions()[0].Reasons[0].Rule);
        Assert.Contains("guard.yaml names under prices", Decisions()[0].Reasons[0].Reason, StringComparison.Ordinal);

        Use("name: p\nversion: \"1\"\nrules: []\n");
        _upstream.Answer = Message.Replace("claude-sonnet-5", "claude-unheard-of", StringComparison.Ordinal);
        await SendAsync(Body(User("x")).Replace("claude-sonnet-5", "claude-unheard-of", StringComparison.Ordinal));
        Assert.Single(_upstream.Bodies);
        Assert.Null(Outcomes()[1].Usage!.CostNanoUsd);
    }

    [Fact]
    public async Task What_an_answer_used_is_settled_and_what_failed_is_given_back()
    {
        Use("name: p\nversion: \"1\"\nbudget: {monthlyUsd: 1}\nrules: []\n");
        await SendAsync(Body(User("x")));
        var spent = _route.Ledger.State;
        Assert.Equal(Outcomes()[0].Usage!.CostNanoUsd, spent.SpentNanoUsd);
        Assert.Equal(0, spent.ReservedNanoUsd);

        _upstream.Fails = true;
        await SendAsync(Body(User("y")));
        Assert.Equal(spent, _route.Ledger.State);
        Assert.Null(Outcomes()[1].Usage);
    }

    [Fact]
    public async Task Nothing_stays_held_when_the_log_cannot_be_written()
    {
        Use("name: p\nversion: \"1\"\nbudget: {monthlyUsd: 1}\nrules: []\n");
        _fakes.Log.Broken = true;
        await SendAsync(Body(User("x")));
        Assert.Equal(0, _route.Ledger.State.ReservedNanoUsd);
        Assert.Empty(_upstream.Bodies);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    [InlineData("GZIP")]
    public async Task A_coded_answer_is_counted_through_its_coding(string coding)
    {
        _upstream.Coding = coding;
        await SendAsync(Body(User("x")));
        Assert.Equal((30L, 20L, false), (Outcomes()[0].Usage!.Input, Outcomes()[0].Usage!.Output, Outcomes()[0].Usage!.IsEstimate));
    }

    [Fact]
    public async Task An_answer_in_an_unknown_coding_is_estimated_and_said_to_be()
    {
        _upstream.Coding = "sdch";
        await SendAsync(Body(User("x")));
        var usage = Outcomes()[0].Usage!;
        Assert.True(usage is { IsEstimate: true, CacheWrite: > 0, Output: > 0, CostNanoUsd: > 0 });
    }

    [Fact]
    public async Task An_error_of_the_provider_costs_nothing()
    {
        _upstream.Status = 429;
        await SendAsync(Body(User("x")));
        Assert.Null(Outcomes()[0].Usage);
    }

    [Fact]
    public async Task A_tool_loop_with_signed_reasoning_keeps_the_model_that_it_began_with()
    {
        // The ledger of issued values does not exist yet, so that signed reasoning stays local; here it is held to be issued.
        await using var pipeline = new ExchangePipeline(
            new RequestDecoder(new Issued()),
            new InspectStep(new WordInspector("forbidden")),
            new DecideStep(facts => PolicyEvaluator.Evaluate(_policy, facts), ClientCatalogue.LoadBuiltIn(), _fakes.Executor),
            _fakes.Log,
            _fakes.Executor,
            _time,
            route: _route);
        Use("name: p\nversion: \"1\"\nrules: []\n");
        await SendAsync(pipeline, Body(User("plan"), Harness("Plan mode is active.")));
        Use(PlanningPremium);
        var loop = Body(User("plan"), Harness("Plan mode is active."), Thinking(), Result());
        await SendAsync(pipeline, loop);
        await SendAsync(pipeline, Body(User("plan"), Harness("Plan mode is active."), Thinking(), Result(), Assistant("done"), User("more")));

        Assert.Equal(loop, Encoding.UTF8.GetString(_upstream.Bodies[1]));
        Assert.Contains("a tool loop is running", Decisions()[1].Reasons.Single(r => r.Rule == "premium").Reason, StringComparison.Ordinal);
        Assert.Equal([null, null, "claude-opus-4-8"], Decisions().Select(d => d.ModelSent));
        await SendAsync(pipeline, Body(User("plan"), Harness("Plan mode is active."), Assistant("done"), User("more"), Thinking(), Result()));
        Assert.Equal("claude-opus-4-8", Decisions()[3].ModelSent);
    }

    [Fact]
    public async Task After_a_restart_the_log_tells_what_the_month_cost_and_what_never_ended_counts_as_its_estimate()
    {
        await SendAsync(Body(User("plan"), Harness("Plan mode is active.")));
        await SendAsync(Body(User("more")));
        var paid = Outcomes().Sum(o => o.Usage!.CostNanoUsd!.Value);
        var unfinished = Decisions()[1];
        var records = new Records([.. _fakes.Log.Records.Where(r => r is not OutcomeRecord { Exchange: var e } || e != unfinished.Exchange)]);
        var sessions = new SessionRouter(ClientCatalogue.LoadBuiltIn(), _time);
        var again = new RouteStep(sessions, new BudgetLedger(_time), PriceCatalogue.LoadBuiltIn());
        await again.RestoreAsync(records, _time.GetUtcNow().AddSeconds(1), TestContext.Current.CancellationToken);

        var first = Outcomes().Single(o => o.Exchange != unfinished.Exchange).Usage!.CostNanoUsd!.Value;
        Assert.Equal(first + again.EstimateOf(unfinished), again.Ledger.State.SpentNanoUsd);
        Assert.True(again.EstimateOf(unfinished) > paid - first, "An estimate of what never ended is not below what such a request really takes.");
    }

    [Fact]
    public void Router_and_budget_never_make_a_verdict_looser()
    {
        var count = Environment.GetEnvironmentVariable("GUARD_TESTS") == "long" ? 1_000_000 : 10_000;
        var cases =
            from policy in SomePolicy.AnyPolicy
            from facts in SomePolicy.AnyFacts
            from phase in Gen.Elements<string?>("planning", "execution", "background", "other", null)
            from budget in Gen.Elements<decimal?>(null, 0m, 5m)
            from spent in Gen.Elements<BudgetObstacle?>(null, new BudgetObstacle(PolicyEvaluator.BudgetSpentRule, "spent"))
            from model in Gen.Elements<string?>(null, "m")
            select (policy, facts: facts with { Phase = phase }, budget, spent, model);
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var bare = PolicyEvaluator.Evaluate(c.policy, c.facts);
            var rules = c.model is null ? c.policy.Rules : [.. c.policy.Rules.Select(r => r.Then == PolicyAction.Allow ? r with { Model = c.model } : r), new PolicyRule("z-model", new PolicyCondition { Providers = ["*"] }, PolicyAction.Allow, "named", 1) { Model = c.model }];
            var full = PolicyEvaluator.Evaluate(c.policy with { MonthlyBudgetUsd = c.budget, Rules = rules }, c.facts with { Budget = c.spent });
            return full.Action >= bare.Action && (full.Model is null || full.Action == PolicyAction.Allow) && (full.Action == PolicyAction.Allow || full.Model is null);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(count));
    }

    private const string Message = """{"type":"message","model":"claude-sonnet-5","content":[{"type":"text","text":"ok"}],"usage":{"input_tokens":30,"cache_read_input_tokens":64,"cache_creation_input_tokens":6,"output_tokens":20}}""";

    private void Use(string policy) => _policy = PolicyFile.Parse(policy, "p.yaml");

    private List<DecisionRecord> Decisions() => [.. _fakes.Log.Records.OfType<DecisionRecord>()];

    private List<OutcomeRecord> Outcomes() => [.. _fakes.Log.Records.OfType<OutcomeRecord>()];

    private Task SendAsync(string body, params (string Name, string Value)[] headers) => SendAsync(_pipeline, body, headers);

    private async Task SendAsync(ExchangePipeline pipeline, string body, params (string Name, string Value)[] headers)
    {
        var buffer = new BodyBufferPool().Rent();
        buffer.Append(Encoding.UTF8.GetBytes(body));
        var wire = new WireRequest
        {
            Provider = ProviderCatalogue.LoadBuiltIn().FindByHost("api.anthropic.com")!,
            Host = "api.anthropic.com",
            Method = "POST",
            RawTarget = "/v1/messages?beta=true",
            Headers = [new HeaderField("Content-Type", "application/json"), new HeaderField("X-Claude-Code-Session-Id", "s-1"), .. headers.Select(h => new HeaderField(h.Name, h.Value))],
            Body = ReadOnlyMemory<byte>.Empty,
        };
        using var request = new ExchangeRequest(wire, 443, EntryMode.Connect, buffer);
        await pipeline.HandleAsync(request, _upstream, _fakes.Client, TestContext.Current.CancellationToken);
        await pipeline.DisposeAsync();
    }

    private static string Body(params object[] messages) => JsonSerializer.Serialize(
        new { model = "claude-sonnet-5", max_tokens = 64000, messages, tools = new[] { new { name = "Edit", description = "Edits.", input_schema = new { type = "object" } } } },
        Plain);

    private static object User(string text) => new { role = "user", content = new[] { new { type = "text", text } } };

    private static object Harness(string text) => new { role = "system", content = text };

    private static object Assistant(string text) => new { role = "assistant", content = text };

    private static object Thinking() => new { role = "assistant", content = new object[] { new { type = "thinking", thinking = "hm", signature = "c2lnbmF0dXJl" }, new { type = "tool_use", id = "toolu_1", name = "Edit", input = new { path = "a" } } } };

    private static object Result() => new { role = "user", content = new[] { new { type = "tool_result", tool_use_id = "toolu_1", content = "ok" } } };

    private sealed class AnsweringUpstream : IUpstream
    {
        public List<byte[]> Bodies { get; } = [];

        public List<IReadOnlyList<HeaderField>> Headers { get; } = [];

        public string Answer { get; set; } = Message;

        public string? Coding { get; set; }

        public int Status { get; set; } = 200;

        public bool Fails { get; set; }

        public Task<ForwardResult> ForwardAsync(RecordedDecision decision, CancellationToken cancellation)
        {
            Bodies.Add(decision.ClaimBodyForForwarding().ToArray());
            Headers.Add(decision.Headers);
            if (Fails)
            {
                return Task.FromResult(new ForwardResult(0, 0, 0, new Refusal(502, "unreachable", "upstream_unreachable"), "connect"));
            }

            using var coded = new MemoryStream();
            using (Stream coder = Coding?.ToLowerInvariant() switch
            {
                "gzip" => new GZipStream(coded, CompressionLevel.Fastest, leaveOpen: true),
                "br" => new BrotliStream(coded, CompressionLevel.Fastest, leaveOpen: true),
                "deflate" => new ZLibStream(coded, CompressionLevel.Fastest, leaveOpen: true),
                _ => new BufferedStream(coded),
            })
            {
                coder.Write(Encoding.UTF8.GetBytes(Answer));
                coder.Flush();
                if (Coding is "sdch" or null)
                {
                    Observe(decision, coded.ToArray());
                    return Task.FromResult(new ForwardResult(Status, Bodies[^1].Length, coded.Length));
                }
            }

            Observe(decision, coded.ToArray());
            return Task.FromResult(new ForwardResult(Status, Bodies[^1].Length, coded.Length));
        }

        private void Observe(RecordedDecision decision, byte[] answer)
        {
            decision.Observer!.Begin(Status, "application/json", Coding);
            foreach (var piece in answer.Chunk(7))
            {
                decision.Observer.Observe(piece);
            }
        }
    }

    private sealed class Issued : IOpaqueLedger
    {
        public bool WasIssued(string provider, string value) => true;
    }

    private sealed class Records(IReadOnlyList<AuditRecord> records) : IRecordSource
    {
        public async IAsyncEnumerable<SourcedRecord> ReadAsync(DateTimeOffset since, DateTimeOffset until, [EnumeratorCancellation] CancellationToken cancellation = default)
        {
            await Task.Yield();
            foreach (var record in records.Where(r => r.Time >= since && r.Time < until))
            {
                yield return new SourcedRecord("d", null, 1, 0, record, default);
            }
        }

        public Task<IReadOnlyList<LogHead>> HeadsAsync(CancellationToken cancellation = default) => Task.FromResult<IReadOnlyList<LogHead>>([]);

        public IAsyncEnumerable<byte[]> LeafHashesAsync(string device, long epoch, long size, CancellationToken cancellation = default) => AsyncEnumerable.Empty<byte[]>();
    }
}
