using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Spending;
using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Portal.Display;

/// <summary>What the page on spending shows, on the laptop and on the server alike.</summary>
/// <param name="Period">The period.</param>
/// <param name="Report">The numbers; null when they could not be counted.</param>
/// <param name="Failure">Why they could not; null when they could.</param>
/// <param name="BudgetUsd">The monthly budget, where one holds and the period is the present month.</param>
/// <param name="IsFleet">Whether several people's devices are counted.</param>
/// <param name="UncachedNanoUsd">What everything would have cost in the cloud without prompt caches, as far as prices are known.</param>
internal sealed record SpendView(SpendPeriod Period, SpendReport? Report, string? Failure, decimal? BudgetUsd, bool IsFleet, long UncachedNanoUsd)
{
    /// <summary>Counts.</summary>
    public static async Task<SpendView> CountAsync(SpendSource source, SpendPeriod period, DateTimeOffset now, bool isFleet, CancellationToken cancellation)
    {
        if (source.Records is null)
        {
            return new SpendView(period, null, "This host gives no records to count.", null, isFleet, 0);
        }

        try
        {
            var report = await SpendCounter.CountAsync(source.Records, period.Since, period.Until, now, cancellation);
            var isNow = period.IsMonth && period.Since <= now && now < period.Until;
            return new SpendView(period, report, null, isNow ? source.BudgetUsd() : null, isFleet, report.Rows.Sum(row => Uncached(source.Prices, row)));
        }
        catch (AuditException e)
        {
            return new SpendView(period, null, e.Message, null, isFleet, 0);
        }
    }

    /// <summary>All input at the price of fresh input. The rates of long requests are left out: a sum of requests has no length.</summary>
    private static long Uncached(PriceCatalogue prices, SpendRow row) =>
        prices.Find(row.Key.Provider, row.Key.Model) is { } price
            ? (price with { LongRates = null }).CostNanoUsd(new TokenCounts(row.Sums.CloudInput, 0, 0, row.Sums.Output))
            : 0;
}
