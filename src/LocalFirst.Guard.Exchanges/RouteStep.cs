using System.Text;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Protocols;
using LocalFirst.Guard.Routing;

namespace LocalFirst.Guard.Exchanges;

/// <summary>
/// What steps 4 to 8 know of phases and money: the phase of a request, whether another model can be named in it, what it may cost, and what it did cost.
/// It only gathers facts and counts; policy alone decides.
/// </summary>
/// <param name="sessions">Phases and prompt caches, by session.</param>
/// <param name="ledger">The month's spending.</param>
/// <param name="prices">What models cost.</param>
public sealed class RouteStep(SessionRouter sessions, BudgetLedger ledger, PriceCatalogue prices)
{
    /// <summary>
    /// Answer tokens that are held for a request: agents ask for 64,000 and write some 400, so that the client's own bound would hold a month's money for
    /// a few requests. What an answer takes beyond is overdrawn by this one request.
    /// </summary>
    public const int ReservedOutputTokens = 4096;

    /// <summary>UTF-8 bytes of text for a token, as for requests.</summary>
    private const double BytesPerToken = 4.4;

    private Task _restored = Task.CompletedTask;

    /// <summary>The month's spending.</summary>
    public BudgetLedger Ledger => ledger;

    /// <summary>What models cost.</summary>
    public PriceCatalogue Prices => prices;

    /// <summary>Takes the month's spending and the sessions' phases from the log; a request under a budget waits for its end.</summary>
    /// <param name="records">The device's own log.</param>
    /// <param name="now">Exchanges before this instant are the log's; later ones count themselves.</param>
    /// <param name="cancellation">Stops reading.</param>
    public Task RestoreAsync(IRecordSource records, DateTimeOffset now, CancellationToken cancellation) =>
        _restored = Task.Run(() => SpendRestore.RunAsync(records, now, this, sessions, cancellation), cancellation);

    /// <summary>Whether the log has been read; a fault of reading it comes out here, and then nothing leaves under a budget.</summary>
    internal Task RestoredAsync() => _restored;

    /// <summary>What is known of a request from itself and its session.</summary>
    internal RoutedExchange Look(ExchangeRequest request, Prompt prompt, string? client, IAuditLog log)
    {
        var session = prompt.SessionKey is { Length: > 0 } key ? log.Correlate(Encoding.UTF8.GetBytes(key)) : null;
        return new RoutedExchange(
            request.Wire.Provider.Id,
            prompt.Api == ApiForm.AnthropicCountTokens ? null : prompt.RequestedModel, // Counting tokens is free ("Token counting", Anthropic).
            session,
            sessions.Look(client, session, prompt, request.Wire.Headers),
            prompt.TokenEstimate,
            prompt.MaxAnswerTokens);
    }

    /// <summary>Why a model cannot be named in a request, as the end of a sentence; null when it can.</summary>
    internal static string? ObstacleToModel(ExchangeRequest request, Prompt prompt, RoutedExchange routed, string model)
    {
        if (ModelRewrite.Obstacle(request.Wire, prompt) is { } obstacle)
        {
            return obstacle;
        }

        // Within a tool loop the model's reasoning comes back signed, for the model that wrote it ("Extended thinking with tool use", Anthropic).
        return !routed.Look.IsHumanTurn && routed.Look.LoopModel != model && HasSignedReasoning(prompt)
            ? "a tool loop is running whose signed reasoning belongs to another model; the rule holds from the next turn of a person on."
            : null;
    }

    /// <summary>Remembers the model of a person's turn that leaves.</summary>
    internal void Sent(RoutedExchange routed)
    {
        if (routed is { Session: { } session, Look.IsHumanTurn: true } && (routed.ModelSent ?? routed.Model) is { } model)
        {
            sessions.Sent(session, model);
        }
    }

    /// <summary>Holds the money for a request that would leave under a budget.</summary>
    /// <returns>Null when it is held; else why the request does not leave.</returns>
    internal BudgetObstacle? Reserve(string exchange, RoutedExchange routed, decimal budgetUsd)
    {
        long estimate = 0;
        if (routed.Model is { } requested)
        {
            var model = routed.ModelSent ?? requested;
            if (prices.Find(routed.Provider, model) is not { } price)
            {
                return new BudgetObstacle(
                    PolicyEvaluator.NoPriceRule,
                    $"A budget holds, and the model {Shown(model)} of {routed.Provider} has no price. Add one to a file that guard.yaml names under prices.");
            }

            estimate = price.CostNanoUsd(Estimate(routed));
        }

        return ledger.TryReserve(exchange, estimate, budgetUsd) is { } refusal ? new BudgetObstacle(PolicyEvaluator.BudgetSpentRule, refusal) : null;
    }

    /// <summary>What an exchange that was recorded cost at most, where its outcome does not tell.</summary>
    internal long EstimateOf(DecisionRecord decision) =>
        decision.Api == ApiForm.AnthropicCountTokens ? 0
        : prices.Find(decision.Provider, decision.ModelSent ?? decision.Model)?.CostNanoUsd(new TokenCounts(0, 0, (long)(decision.BodyBytes / BytesPerToken), ReservedOutputTokens)) ?? 0;

    /// <summary>What a forwarded exchange used and cost, and settles it. Null when nothing was charged, or nothing is known.</summary>
    internal RecordedUsage? Settle(string exchange, RoutedExchange routed, AnswerWatch watch, ActResult result)
    {
        var usage = Forwarded(routed, watch, result);
        ledger.Settle(exchange, usage?.CostNanoUsd ?? 0);
        return usage;
    }

    /// <summary>Lets go of what was held for an exchange that did not leave.</summary>
    internal void Release(string exchange) => ledger.Settle(exchange, 0);

    /// <summary>What a local answer used, and what the cloud would have taken for it.</summary>
    internal RecordedUsage? Local(RoutedExchange routed, ActResult result)
    {
        if (result.Generated is not { } done)
        {
            return null;
        }

        var price = prices.Find(routed.Provider, routed.Model);
        var cloud = price?.CostNanoUsd(Estimate(routed) with { Output = done.OutputTokens });
        return new RecordedUsage(result.AnsweredBy, done.InputTokens, 0, 0, done.OutputTokens, 0, cloud, price?.Version);
    }

    private RecordedUsage? Forwarded(RoutedExchange routed, AnswerWatch watch, ActResult result)
    {
        // Nothing reached the provider, or it refused: nobody is charged for that.
        if (routed.Model is not { } asked || result.BytesOut == 0 || result.Status >= 300 || watch.Status >= 300)
        {
            return null;
        }

        var sent = routed.ModelSent ?? asked;
        var told = watch.Finish();
        var tokens = told?.Tokens ?? Estimate(routed) with { Output = 0 };

        // A stream that broke off told its input at most, and of its output what it began with.
        var isEstimate = told is null || (!watch.IsComplete && watch.TextBytes > 0);
        if (isEstimate)
        {
            tokens = tokens with { Output = Math.Max(tokens.Output, (long)Math.Ceiling((watch.TextBytes > 0 ? watch.TextBytes : result.BytesIn) / BytesPerToken)) };
        }

        var answered = told?.Model is { } named && DecisionRecords.IsModelName(named) ? named : sent;
        var price = prices.Find(routed.Provider, answered) ?? prices.Find(routed.Provider, sent);
        var requested = routed.ModelSent is null ? price : prices.Find(routed.Provider, asked);
        return new RecordedUsage(
            DecisionRecords.IsModelName(answered) ? answered : "unknown",
            tokens.Input,
            tokens.CacheRead,
            tokens.CacheWrite,
            tokens.Output,
            price?.CostNanoUsd(tokens),
            requested?.CostNanoUsd(tokens),
            (price ?? requested)?.Version,
            isEstimate);
    }

    /// <summary>
    /// Tokens before the answer is known: of the input, what the session's last requests began with counts as read from the prompt cache, and the rest
    /// as written to it; the first request of a session, or one after the cache's lifetime, is written whole.
    /// </summary>
    private static TokenCounts Estimate(RoutedExchange routed)
    {
        var rest = Math.Max(0, routed.InputTokens - routed.Look.CachedTokens);
        var output = Math.Min(routed.MaxOutputTokens ?? ReservedOutputTokens, ReservedOutputTokens);
        return routed.Look.CachesInput ? new TokenCounts(0, routed.Look.CachedTokens, rest, output) : new TokenCounts(rest, 0, 0, output);
    }

    private static bool HasSignedReasoning(Prompt prompt) =>
        prompt.Parts.Any(p => p.Place.Pointer.EndsWith("/signature", StringComparison.Ordinal) || p.Place.Pointer.EndsWith("/encrypted_content", StringComparison.Ordinal));

    private static string Shown(string model) => DecisionRecords.IsModelName(model) ? $"'{model}'" : "that it names";
}
