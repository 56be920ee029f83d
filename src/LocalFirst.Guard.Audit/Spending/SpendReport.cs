namespace LocalFirst.Guard.Audit.Spending;

/// <summary>What exchanges are counted together by. Texts of the log: shown as plain text.</summary>
/// <param name="Person">Sign-in name; null on a device's own log.</param>
/// <param name="Client">Client id.</param>
/// <param name="Provider">Provider id.</param>
/// <param name="Model">The model that it went to; of a local answer, the one that was asked for. <c>unknown</c> where none is recorded.</param>
/// <param name="Phase">Phase; <c>unknown</c> where none is recorded.</param>
/// <param name="IsLocal">Whether it was answered on the machine.</param>
public sealed record SpendKey(string? Person, string Client, string Provider, string Model, string Phase, bool IsLocal);

/// <summary>Sums of exchanges. Money in 10⁻⁹ US dollars; tokens as providers and the local model counted them.</summary>
/// <param name="Requests">Number of exchanges.</param>
/// <param name="Input">Input tokens outside of the prompt cache.</param>
/// <param name="CacheRead">Input tokens read from it.</param>
/// <param name="CacheWrite">Input tokens written to it.</param>
/// <param name="Output">Output tokens.</param>
/// <param name="CostNanoUsd">What was paid, as far as it is known.</param>
/// <param name="CloudCostNanoUsd">What the requested cloud models would have taken with their prompt caches, as far as it is known.</param>
/// <param name="UnknownCost">Exchanges of which nobody knows what they cost: no price, or no outcome. They are in no sum of money.</param>
/// <param name="UnknownCloudCost">Exchanges of which nobody knows what the cloud would have taken.</param>
/// <param name="Estimated">Exchanges whose tokens were estimated, because the answer told none.</param>
/// <param name="CloudInput">Input tokens as a cloud model counts them: of a local answer estimated from the request's bytes, since a local model counts otherwise.</param>
public sealed record SpendSums(
    long Requests, long Input, long CacheRead, long CacheWrite, long Output, long CostNanoUsd, long CloudCostNanoUsd, long UnknownCost, long UnknownCloudCost, long Estimated, long CloudInput)
{
    /// <summary>No exchange.</summary>
    public static SpendSums None { get; } = new(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    /// <summary>All tokens.</summary>
    public long Tokens => Input + CacheRead + CacheWrite + Output;

    /// <summary>What was not paid because it stayed here, or went to a cheaper model; negative when the policy named a dearer one.</summary>
    public long SavedNanoUsd => CloudCostNanoUsd - CostNanoUsd;

    /// <summary>Both together.</summary>
    /// <param name="other">The other.</param>
    public SpendSums Plus(SpendSums other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new SpendSums(
            Requests + other.Requests,
            Input + other.Input,
            CacheRead + other.CacheRead,
            CacheWrite + other.CacheWrite,
            Output + other.Output,
            CostNanoUsd + other.CostNanoUsd,
            CloudCostNanoUsd + other.CloudCostNanoUsd,
            UnknownCost + other.UnknownCost,
            UnknownCloudCost + other.UnknownCloudCost,
            Estimated + other.Estimated,
            CloudInput + other.CloudInput);
    }
}

/// <summary>One group.</summary>
/// <param name="Key">What it is counted by.</param>
/// <param name="Sums">Its sums.</param>
public sealed record SpendRow(SpendKey Key, SpendSums Sums);

/// <summary>What a period cost, what stayed local and what that saved.</summary>
/// <param name="Since">First instant that belongs to it.</param>
/// <param name="Until">First instant that does not.</param>
/// <param name="Rows">The groups.</param>
/// <param name="Refused">Exchanges that were refused; nothing was charged for them.</param>
/// <param name="Uncharged">Exchanges that failed, or that name no model: nothing is known to have been charged.</param>
/// <param name="Folded">Exchanges that are counted under <c>(others)</c>, since there were more groups than are kept.</param>
public sealed record SpendReport(DateTimeOffset Since, DateTimeOffset Until, IReadOnlyList<SpendRow> Rows, long Refused, long Uncharged, long Folded)
{
    /// <summary>Sums of the groups that agree.</summary>
    /// <param name="which">Says which; null for all.</param>
    public SpendSums Sum(Func<SpendKey, bool>? which = null) =>
        Rows.Where(r => which is null || which(r.Key)).Aggregate(SpendSums.None, (sum, row) => sum.Plus(row.Sums));

    /// <summary>Sums by a part of the key, the dearest first.</summary>
    /// <param name="by">The part.</param>
    public IReadOnlyList<(string Name, SpendSums Cloud, SpendSums Local)> By(Func<SpendKey, string> by) =>
    [
        .. Rows.GroupBy(r => by(r.Key), StringComparer.Ordinal)
            .Select(g => (
                Name: g.Key,
                Cloud: g.Where(r => !r.Key.IsLocal).Aggregate(SpendSums.None, (sum, row) => sum.Plus(row.Sums)),
                Local: g.Where(r => r.Key.IsLocal).Aggregate(SpendSums.None, (sum, row) => sum.Plus(row.Sums))))
            .OrderByDescending(g => g.Cloud.CostNanoUsd).ThenByDescending(g => g.Cloud.Requests + g.Local.Requests).ThenBy(g => g.Name, StringComparer.Ordinal),
    ];
}
