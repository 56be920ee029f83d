using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Routing;

namespace LocalFirst.Guard.Exchanges;

/// <summary>
/// Reads back from the log what the month has cost: the log is the only place that keeps it, so that a kill loses nothing. A decision to send without
/// an outcome may have been charged: it counts as its estimate.
/// </summary>
internal static class SpendRestore
{
    public static async Task RunAsync(IRecordSource records, DateTimeOffset now, RouteStep route, SessionRouter sessions, CancellationToken cancellation)
    {
        var open = new Dictionary<string, DecisionRecord>(StringComparer.Ordinal);
        await foreach (var item in records.ReadAsync(BudgetLedger.MonthOf(now), now, cancellation))
        {
            switch (item.Record)
            {
                case DecisionRecord decision:
                    if (decision is { Session: { } session, Phase: { } phase })
                    {
                        sessions.Restore(session, phase);
                    }

                    if (decision.Action == "allow")
                    {
                        open[decision.Exchange] = decision;
                    }

                    break;
                case OutcomeRecord outcome when open.Remove(outcome.Exchange, out var decided):
                    route.Ledger.Restore(decided.Time, outcome.Usage?.CostNanoUsd ?? 0);
                    break;
                default:
                    break;
            }
        }

        foreach (var unfinished in open.Values)
        {
            route.Ledger.Restore(unfinished.Time, route.EstimateOf(unfinished));
        }
    }
}
