using System.Threading.Channels;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.LocalModels;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Protocols;
using LocalFirst.Guard.Routing;

namespace LocalFirst.Guard.Exchanges;

/// <summary>
/// The journey of one exchange.
/// <code>
///  request ─▶ 2 decode ─▶ 3 inspect ─▶ 4 decide ─▶ 5 record ─┬▶ 6a forward ─▶ provider
///                                                 (durable   ├▶ 6b answer   ─▶ local model
///                                                   FIRST)   └▶ 6c refuse   ─▶ client's own error shape
///  client ◀──────────────── 8 outcome recorded ◀─────────────┘
/// </code>
/// Step 1 (intercept) is the caller's. Whatever goes wrong before step 6 ends in a refusal: what could not be decided or recorded does not
/// leave.
/// </summary>
public sealed class ExchangePipeline : IAsyncDisposable
{
    /// <summary>Agents' requests are below; the text, tape and parts of a larger one take several times its size.</summary>
    private const int LargeBody = 4 * 1024 * 1024;

    /// <summary>Places for large bodies in steps 2 to 5: who writes takes one, who reads frees one.</summary>
    private readonly Channel<byte> _large = Channel.CreateBounded<byte>(Math.Max(2, Environment.ProcessorCount));

    private readonly RequestDecoder _decoder;
    private readonly InspectStep _inspect;
    private readonly DecideStep _decide;
    private readonly RecordedDecision.Recorder _recorder;
    private readonly DecisionRecords _records;
    private readonly LocalAnswerStep _localAnswer;
    private readonly RouteStep _route;
    private readonly IAuditLog _log;
    private readonly OutcomeStep _outcomes;
    private readonly TimeProvider _time;

    /// <summary>Composes the steps.</summary>
    /// <param name="decoder">Step 2.</param>
    /// <param name="inspect">Step 3.</param>
    /// <param name="decide">Step 4.</param>
    /// <param name="log">Steps 5 and 8.</param>
    /// <param name="executor">Step 6b.</param>
    /// <param name="time">The clock.</param>
    /// <param name="terms">Tells the provider terms that records name; null for none.</param>
    /// <param name="route">Phases and money; null for the catalogues that ship and a ledger that begins empty.</param>
    public ExchangePipeline(RequestDecoder decoder, InspectStep inspect, DecideStep decide, IAuditLog log, IChatExecutor executor, TimeProvider time, TermsResolver? terms = null, RouteStep? route = null)
    {
        ArgumentNullException.ThrowIfNull(log);
        _route = route ?? new RouteStep(new SessionRouter(ClientCatalogue.LoadBuiltIn(), time), new BudgetLedger(time), PriceCatalogue.LoadBuiltIn());
        _log = log;
        _decoder = decoder;
        _inspect = inspect;
        _decide = decide;
        _outcomes = new OutcomeStep(log, time);
        _recorder = new RecordedDecision.Recorder(log);
        _records = new DecisionRecords(log, terms);
        _localAnswer = new LocalAnswerStep(executor);
        _time = time;
    }

    /// <summary>Takes a request through the whole journey. Does not throw for anything that the request holds.</summary>
    /// <param name="request">The request; disposed by the caller.</param>
    /// <param name="upstream">The way to the provider.</param>
    /// <param name="client">The way back.</param>
    /// <param name="cancellation">Set when the client goes away.</param>
    public async Task HandleAsync(ExchangeRequest request, IUpstream upstream, IClientResponse client, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(upstream);
        ArgumentNullException.ThrowIfNull(client);

        var started = _time.GetTimestamp();
        var now = _time.GetUtcNow();
        var exchange = ExchangeId.New(now);

        Judged judged;
        try
        {
            judged = await JudgeAsync(exchange, now, started, request, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            client.Abort();
            return;
        }
        catch (Exception e)
        {
            await RefuseUndecidedAsync(request, exchange, e, client, cancellation);
            return;
        }

        var acting = _time.GetTimestamp();
        using (judged.Decision)
        {
            using var watch = new AnswerWatch();
            judged.Decision.Observer = judged.Routed.Model is null ? null : watch;
            var result = await ActAsync(request, judged, upstream, client, cancellation); // 6 and 7
            var usage = judged.Verdict.Action == PolicyAction.Allow ? _route.Settle(exchange, judged.Routed, watch, result) : _route.Local(judged.Routed, result);
            _outcomes.Record(exchange, result, usage, _time.GetElapsedTime(acting).TotalMilliseconds); // 8
        }
    }

    /// <summary>Waits until every outcome so far is written. Call it when no request comes in any more, before the log is closed.</summary>
    public ValueTask DisposeAsync() => _outcomes.DrainAsync();

    /// <summary>Steps 2 to 5. What they need is many times the body's size, so that large bodies go through them a few at a time.</summary>
    private async Task<Judged> JudgeAsync(string exchange, DateTimeOffset now, long started, ExchangeRequest request, CancellationToken cancellation)
    {
        // How much a coded body unpacks to is not known before.
        var coding = request.Wire.Header("Content-Encoding");
        var isLarge = request.RefusedByForm is null && (request.Wire.Body.Length > LargeBody || coding is not null);
        if (isLarge)
        {
            await _large.Writer.WriteAsync(0, cancellation);
        }

        try
        {
            var (prompt, inspected) = Read(request); // 2 and 3
            var facts = _decide.FactsOf(request, prompt, inspected);
            var routed = _route.Look(request, prompt, facts.Client, _log);
            facts = facts with { Phase = routed.Look.Phase };
            var verdict = _decide.Decide(facts); // 4

            using var renamed = verdict.Model is { } named && named != prompt.RequestedModel ? NameModel(request, prompt, routed, named, ref facts, ref verdict) : null;
            if (renamed is not null)
            {
                routed = routed with { ModelSent = verdict.Model };
                Prompt again;
                (again, inspected) = Read(renamed);
                facts = _decide.FactsOf(renamed, again, inspected) with { Phase = facts.Phase };
                verdict = _decide.Decide(facts);
            }

            try
            {
                if (verdict is { Action: PolicyAction.Allow, MonthlyBudgetUsd: { } budget })
                {
                    await _route.RestoredAsync();
                    if (_route.Reserve(exchange, routed, budget) is { } unpaid)
                    {
                        facts = facts with { Budget = unpaid };
                        verdict = _decide.Decide(facts);
                    }
                }

                // What stays here is answered as it was asked.
                var leaves = verdict.Action == PolicyAction.Allow;
                routed = leaves ? routed : routed with { ModelSent = null };
                var record = _records.Build(exchange, now, request, prompt, inspected, facts, verdict, routed, _time.GetElapsedTime(started).TotalMilliseconds);
                var decision = await _recorder.RecordAsync(leaves && renamed is not null ? renamed : request, verdict, record, CancellationToken.None); // 5: not cancellable, so that every decision gets its outcome
                if (leaves)
                {
                    _route.Sent(routed);
                    if (renamed is not null)
                    {
                        request.Dispose(); // The decision owns the bytes that leave; those that do not are not held while a provider answers.
                    }
                }

                // Only a local answer needs the text again; while a provider answers, for minutes, it is not held.
                return new Judged(decision, verdict, routed, verdict.Action == PolicyAction.Local ? prompt : null);
            }
            catch
            {
                _route.Release(exchange);
                throw;
            }
        }
        finally
        {
            if (isLarge)
            {
                _large.Reader.TryRead(out _);
            }
        }
    }

    private (Prompt Prompt, InspectedPrompt Inspected) Read(ExchangeRequest request)
    {
        var coding = request.RefusedByForm is null ? request.Wire.Header("Content-Encoding") : null;
        using var decoded = ContentCoding.Decode(coding, request.Wire.Body);
        var prompt = request.RefusedByForm is { } form ? Unread(request, form) : _decoder.Decode(request.Wire, decoded.Bytes, decoded.Failure);
        return (prompt, _inspect.Inspect(prompt, request.Window));
    }

    /// <summary>The request with the model that policy names; or null, and the verdict says why it goes as it came.</summary>
    private ExchangeRequest? NameModel(ExchangeRequest request, Prompt prompt, RoutedExchange routed, string model, ref PolicyFacts facts, ref Verdict verdict)
    {
        if (RouteStep.ObstacleToModel(request, prompt, routed, model) is not { } obstacle)
        {
            return ModelRewrite.Apply(request, prompt, model);
        }

        facts = facts with { ModelObstacle = obstacle };
        verdict = _decide.Decide(facts);
        return null;
    }

    private async Task<ActResult> ActAsync(ExchangeRequest request, Judged judged, IUpstream upstream, IClientResponse client, CancellationToken cancellation)
    {
        var counted = new CountedResponse(client);
        var (decision, verdict, _, _) = judged;
        try
        {
            cancellation.ThrowIfCancellationRequested();
            switch (verdict.Action)
            {
                case PolicyAction.Allow:
                    var forwarded = await upstream.ForwardAsync(decision, cancellation);
                    if (forwarded.Failure is { } failure && !client.HasStarted && !cancellation.IsCancellationRequested)
                    {
                        await SendRefusalAsync(request, failure, decision.Exchange, "failed", counted, cancellation);
                        await client.CompleteAsync();
                        return new ActResult("failed", failure.Status, forwarded.BytesOut, counted.Bytes, decision.Host, forwarded.ErrorClass);
                    }

                    var result = forwarded.Cancelled ? "cancelled" : forwarded.ErrorClass is null ? "forwarded" : "failed";
                    return new ActResult(result, forwarded.Status, forwarded.BytesOut, forwarded.BytesIn, decision.Host, forwarded.ErrorClass);

                case PolicyAction.Local:
                    var answered = await _localAnswer.AnswerAsync(judged.Prompt!, client, Headers("local", decision.Exchange), cancellation);
                    await client.CompleteAsync();
                    return answered;

                default:
                    var refusal = request.RefusedByForm ?? request.Window?.Refusal(verdict, decision.Exchange) ?? RefusalText.Of(verdict, decision.Exchange);
                    await SendRefusalAsync(request, refusal, decision.Exchange, "refused", counted, cancellation);
                    await client.CompleteAsync();
                    return request.Window is { BytesLeft: > 0 } window
                        ? new ActResult("partly-left", refusal.Status, window.BytesLeft, counted.Bytes, "guard", "value-split-over-messages")
                        : new ActResult("refused", refusal.Status, 0, counted.Bytes, "guard");
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            client.Abort();
            return new ActResult("cancelled", 0, 0, counted.Bytes, "guard", "client-gone");
        }
        catch (ExecutorException e) when (!client.HasStarted)
        {
            // Not a 5xx: clients would resend a conversation that cannot leave anyway.
            var refusal = new Refusal(400, $"LocalFirst.Guard kept this request on your machine, and the local model could not answer: {e.Message} Reference {decision.Exchange}.", "local_model_failed");
            return await TellAsync(request, refusal, decision.Exchange, client, counted, cancellation);
        }
        catch (Exception e)
        {
            client.Abort();
            return new ActResult("failed", 0, 0, counted.Bytes, "guard", e.GetType().Name);
        }
    }

    /// <summary>Tells the client that the executor failed. A client that left meanwhile changes nothing: the outcome is recorded either way.</summary>
    private static async Task<ActResult> TellAsync(ExchangeRequest request, Refusal refusal, string exchange, IClientResponse client, CountedResponse counted, CancellationToken cancellation)
    {
        try
        {
            await SendRefusalAsync(request, refusal, exchange, "refused", counted, cancellation);
            await client.CompleteAsync();
        }
        catch (Exception)
        {
            client.Abort();
        }

        return new ActResult("refused", refusal.Status, 0, counted.Bytes, "guard", "executor-failed");
    }

    private static async Task RefuseUndecidedAsync(ExchangeRequest request, string exchange, Exception error, IClientResponse client, CancellationToken cancellation)
    {
        var refusal = error is AuditException
            ? new Refusal(503, "LocalFirst.Guard could not write its audit log, so nothing was sent. `guard doctor` names the cause.", "audit_unavailable")
            : new Refusal(503, $"LocalFirst.Guard could not decide on this request ({error.GetType().Name}), so nothing was sent. Reference {exchange}.", "undecided");
        try
        {
            if (!client.HasStarted)
            {
                await SendRefusalAsync(request, refusal, exchange, "refused", new CountedResponse(client), cancellation);
                await client.CompleteAsync();
            }
        }
        catch (Exception)
        {
            // The client left, or its answer cannot be written; nothing was sent to anybody else.
            client.Abort();
        }
    }

    private static Task SendRefusalAsync(ExchangeRequest request, Refusal refusal, string exchange, string route, CountedResponse client, CancellationToken cancellation) =>
        client.SendAsync(RefusalEncoder.Encode(request.Wire.Provider.ErrorShape, refusal), Headers(route, exchange), cancellation);

    private static HeaderField[] Headers(string route, string exchange) => [new("x-localfirst-route", route), new("x-localfirst-ref", exchange)];

    /// <summary>What is refused by its form alone is undecodable: nothing of it was read.</summary>
    private static Prompt Unread(ExchangeRequest request, Refusal form) => new()
    {
        Provider = request.Wire.Provider.Id,
        Api = ApiForm.None,
        State = DecodeState.Undecodable,
        StateReason = form.Code,
        Parts = [],
    };

    /// <param name="Decision">The durable decision.</param>
    /// <param name="Verdict">What was decided.</param>
    /// <param name="Routed">What its money rests on.</param>
    /// <param name="Prompt">The prompt, when it is to be answered locally.</param>
    private sealed record Judged(RecordedDecision Decision, Verdict Verdict, RoutedExchange Routed, Prompt? Prompt);
}
