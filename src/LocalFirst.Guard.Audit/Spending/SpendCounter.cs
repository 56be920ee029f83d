namespace LocalFirst.Guard.Audit.Spending;

/// <summary>
/// Counts money over any source of records: pages, reports and commands count here, so that none of them tells another number. One pass; memory is
/// bounded by the groups and by the exchanges that are open at one time.
/// </summary>
public static class SpendCounter
{
    /// <summary>Longest time from a decision to its outcome that is waited for: an exchange belongs to the period of its decision.</summary>
    public static readonly TimeSpan LongestExchange = TimeSpan.FromHours(1);

    /// <summary>Name of the group for what found no group of its own.</summary>
    public const string Others = "(others)";

    /// <summary>Most groups: names come from clients, and whoever makes up models must not fill the memory.</summary>
    private const int MaxGroups = 5_000;

    /// <summary>Most decisions whose outcome is waited for at one time; beyond it the oldest counts as one without.</summary>
    private const int MaxOpen = 50_000;

    /// <summary>Bytes of a request for a token, as measured on agents' requests.</summary>
    private const double BytesPerToken = 4.4;

    /// <summary>Counts a period.</summary>
    /// <param name="source">The records.</param>
    /// <param name="since">First instant that belongs to it.</param>
    /// <param name="until">First instant that does not.</param>
    /// <param name="now">The present: an exchange that began within <see cref="LongestExchange"/> of it may still be running.</param>
    /// <param name="cancellation">Stops counting.</param>
    /// <exception cref="AuditException">The records cannot be read.</exception>
    public static async Task<SpendReport> CountAsync(IRecordSource source, DateTimeOffset since, DateTimeOffset until, DateTimeOffset now, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        var count = new Count(now);
        await foreach (var item in source.ReadAsync(since, until + LongestExchange, cancellation))
        {
            switch (item.Record)
            {
                case DecisionRecord decision when decision.Time < until:
                    count.Open(item.Device, item.Person, decision);
                    break;
                case OutcomeRecord outcome:
                    count.Close(item.Device, outcome);
                    break;
                default:
                    break;
            }
        }

        return count.Report(since, until);
    }

    private sealed class Count(DateTimeOffset now)
    {
        private readonly Dictionary<SpendKey, SpendSums> _groups = [];
        private readonly Dictionary<(string Device, string Exchange), (string? Person, DecisionRecord Decision)> _open = [];
        private readonly Queue<(string, string)> _order = new();
        private long _refused;
        private long _uncharged;
        private long _folded;

        public void Open(string device, string? person, DecisionRecord decision)
        {
            var key = (device, decision.Exchange);
            if (_open.TryAdd(key, (person, decision)))
            {
                _order.Enqueue(key);
            }
            else
            {
                // Tried again: its last decision stands.
                _open[key] = (person, decision);
            }

            while (_open.Count > MaxOpen && _order.TryDequeue(out var oldest))
            {
                if (_open.Remove(oldest, out var lost))
                {
                    WithoutOutcome(lost.Person, lost.Decision);
                }
            }
        }

        public void Close(string device, OutcomeRecord outcome)
        {
            if (!_open.Remove((device, outcome.Exchange), out var open))
            {
                return; // Its decision belongs to another period.
            }

            var (person, decision) = open;
            switch (outcome)
            {
                case { Result: "refused" }:
                    _refused++;
                    break;
                case { Result: "answered-locally" }:
                    Add(person, decision, isLocal: true, outcome.Usage, isCostKnown: true);
                    break;
                case { Usage: { } usage }:
                    Add(person, decision, isLocal: false, usage, usage.CostNanoUsd is not null);
                    break;
                default:
                    _uncharged++;
                    break;
            }
        }

        public SpendReport Report(DateTimeOffset since, DateTimeOffset until)
        {
            foreach (var (person, decision) in _open.Values)
            {
                if (now - decision.Time >= LongestExchange)
                {
                    WithoutOutcome(person, decision);
                }
            }

            SpendRow[] rows = [.. _groups.Select(g => new SpendRow(g.Key, g.Value)).OrderBy(r => r.Key.ToString(), StringComparer.Ordinal)];
            return new SpendReport(since, until, rows, _refused, _uncharged, _folded);
        }

        /// <summary>Sent, for all that is known, and never told how it ended.</summary>
        private void WithoutOutcome(string? person, DecisionRecord decision)
        {
            if (decision is { Action: "allow", Model: not null })
            {
                Add(person, decision, isLocal: false, usage: null, isCostKnown: false);
            }
            else
            {
                _uncharged++;
            }
        }

        private void Add(string? person, DecisionRecord decision, bool isLocal, RecordedUsage? usage, bool isCostKnown)
        {
            var key = new SpendKey(person, decision.Client, decision.Provider, (isLocal ? null : decision.ModelSent) ?? decision.Model ?? "unknown", decision.Phase ?? "unknown", isLocal);
            if (!_groups.ContainsKey(key) && _groups.Count >= MaxGroups)
            {
                key = new SpendKey(null, Others, Others, Others, Others, isLocal);
                _folded++;
            }

            var sums = new SpendSums(
                1,
                usage?.Input ?? 0,
                usage?.CacheRead ?? 0,
                usage?.CacheWrite ?? 0,
                usage?.Output ?? 0,
                usage?.CostNanoUsd ?? 0,
                usage?.CloudCostNanoUsd ?? 0,
                isCostKnown ? 0 : 1,
                usage?.CloudCostNanoUsd is null ? 1 : 0,
                usage?.IsEstimate == true ? 1 : 0,
                isLocal ? (long)(decision.BodyBytes / BytesPerToken) : usage is null ? 0 : usage.Input + usage.CacheRead + usage.CacheWrite);
            _groups[key] = _groups.GetValueOrDefault(key, SpendSums.None).Plus(sums);
        }
    }
}
