namespace LocalFirst.Guard.Audit.Questions;

/// <summary>One pass over the records of a period, by device.</summary>
internal sealed class QuestionPass(QuestionPeriod period, QuestionFilter filter, ITermsFacts terms, LogStatements logs)
{
    /// <summary>Exchanges of one device that can be open at a time: far more than any runs. Beyond it the oldest is closed as it stands.</summary>
    internal const int DefaultWindow = 4096;

    /// <summary>Groups of each kind; what records name is not ours, so that what goes beyond is counted together under <see cref="Others"/>.</summary>
    internal const int DefaultGroups = 1000;

    /// <summary>Exchanges that are named one by one.</summary>
    internal const int DefaultNamed = 50;

    /// <summary>The name of what goes beyond the bounds.</summary>
    internal const string Others = "(others)";

    private readonly Dictionary<(string Provider, string? Terms), Tally> _groups = [];
    private readonly Dictionary<(string Provider, string? Terms, string Detector, string Type, string Rule), (long Requests, long Findings)> _flagged = [];
    private readonly Dictionary<(string Name, string Version, string Hash, long? Bundle), (long Decisions, DateTimeOffset First, DateTimeOffset Last)> _policies = [];
    private readonly List<FlaggedExchange> _named = [];
    private readonly Dictionary<string, OpenExchange> _open = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();
    private string? _device;
    private long _decisions;
    private long _outcomes;
    private long _filtered;
    private long _unreadable;

    /// <summary>Takes in a record; true when it is one that the answer counts.</summary>
    public bool Read(SourcedRecord record)
    {
        if (record.Device != _device)
        {
            CloseAll();
            _device = record.Device;
        }

        switch (record.Record)
        {
            case DecisionRecord decision when Belongs(decision):
                if (filter.Takes(record, decision))
                {
                    Decided(record, decision);
                    return true;
                }

                _filtered++;
                return false;

            case OutcomeRecord outcome when _open.TryGetValue(outcome.Exchange, out var exchange):
                _outcomes++;
                logs.Count(record);
                exchange.End(outcome);
                return true;

            case UnknownRecord when Belongs(record.Record) && filter.TakesDevice(record.Device):
                _unreadable++;
                return false;

            default:
                return false;
        }
    }

    public QuestionsAnswer Answer()
    {
        CloseAll();
        var totals = new Tally();
        var groups = new List<TermsGroup>();
        foreach (var ((provider, reference), tally) in _groups)
        {
            var counts = tally.ToCounts();
            totals.Add(counts);
            var facts = terms.Find(provider, reference);
            groups.Add(new TermsGroup(provider, reference, facts, facts.IsStale(period), counts));
        }

        return new QuestionsAnswer
        {
            Period = period,
            Filter = filter,
            Totals = totals.ToCounts(),
            Groups = [.. groups.OrderByDescending(g => g.Counts.BytesOut).ThenBy(g => g.Provider, StringComparer.Ordinal).ThenBy(g => g.Reference, StringComparer.Ordinal)],
            Flagged =
            [
                .. _flagged.Select(f => new FlaggedGroup(f.Key.Provider, f.Key.Terms, f.Key.Detector, f.Key.Type, f.Key.Rule, f.Value.Requests, f.Value.Findings))
                    .OrderBy(f => f.Provider, StringComparer.Ordinal).ThenBy(f => f.Reference, StringComparer.Ordinal)
                    .ThenBy(f => f.Type, StringComparer.Ordinal).ThenBy(f => f.Detector, StringComparer.Ordinal).ThenBy(f => f.Rule, StringComparer.Ordinal),
            ],
            FlaggedExchanges =
            [
                .. _named.OrderBy(f => f.Device, StringComparer.Ordinal).ThenBy(f => f.Epoch).ThenBy(f => f.LeafIndex),
            ],
            Policies =
            [
                .. _policies.Select(p => new PolicyInForce(p.Key.Name, p.Key.Version, p.Key.Hash, p.Key.Bundle, p.Value.Decisions, p.Value.First, p.Value.Last))
                    .OrderBy(p => p.First).ThenBy(p => p.Name, StringComparer.Ordinal).ThenBy(p => p.Version, StringComparer.Ordinal).ThenBy(p => p.Hash, StringComparer.Ordinal).ThenBy(p => p.Bundle),
            ],
            Logs = logs.ToList(),
            Records = new RecordCounts(_decisions, _outcomes, _filtered, _unreadable),
        };
    }

    private bool Belongs(AuditRecord record) => record.Time >= period.From && record.Time < period.To;

    private void Decided(SourcedRecord record, DecisionRecord decision)
    {
        _decisions++;
        logs.Count(record);
        Policy(decision);
        var group = GroupOf(decision);
        if (_open.TryGetValue(decision.Exchange, out var exchange))
        {
            exchange.Retry(decision, group);
            Tally.Add(ref group.Retries, 1);
            return;
        }

        if (_order.Count == DefaultWindow)
        {
            Close(_order.Dequeue());
        }

        // Its canonical bytes are not needed again.
        _open.Add(decision.Exchange, new OpenExchange(decision, record with { Canonical = default }, group));
        _order.Enqueue(decision.Exchange);
    }

    private void CloseAll()
    {
        while (_order.TryDequeue(out var exchange))
        {
            Close(exchange);
        }
    }

    private void Close(string id)
    {
        _open.Remove(id, out var exchange);
        var group = exchange!.Group;
        Tally.Add(ref group.Requests, 1);
        switch (exchange.Fate)
        {
            case Fate.Left:
                Tally.Add(ref group.Left, 1);
                if (exchange.WasPartial)
                {
                    Tally.Add(ref group.PartialLeft, 1);
                    Tally.Add(ref group.PartialBytes, exchange.BytesOut);
                }

                if (exchange.LeftFlagged is { } flagged)
                {
                    Flagged(exchange, flagged, group);
                }

                break;

            case Fate.Local:
                Tally.Add(ref group.Local, 1);
                break;

            case Fate.Refused:
                Tally.Add(ref group.Refused, 1);
                break;

            case Fate.Failed:
                Tally.Add(ref group.Failed, 1);
                break;

            default:
                Tally.Add(ref group.NoOutcome, 1);
                if (exchange.MayLeave)
                {
                    Tally.Add(ref group.MayHaveLeft, 1);
                    Tally.Add(ref group.FlaggedMayHaveLeft, exchange.Decision.FindingCount > 0 ? 1 : 0);
                }

                break;
        }
    }

    private void Flagged(OpenExchange exchange, DecisionRecord decision, Tally group)
    {
        Tally.Add(ref group.FlaggedLeft, 1);
        Tally.Add(ref group.FlaggedFindings, decision.FindingCount);
        var rule = decision.Reasons.FirstOrDefault(r => r.Action == decision.Action)?.Rule ?? "(not recorded)";
        var listed = decision.Findings.GroupBy(f => (f.Detector, f.Type)).Select(f => (f.Key.Detector, f.Key.Type, Findings: f.LongCount()));

        // A record lists what fits into it and keeps the full number.
        var unlisted = decision.FindingCount - decision.Findings.Count;
        foreach (var (detector, type, findings) in unlisted > 0 ? listed.Append(("", "(not listed in the record)", unlisted)) : listed)
        {
            var key = (decision.Provider, decision.Terms, detector, type, rule);
            if (!_flagged.ContainsKey(key) && _flagged.Count >= DefaultGroups)
            {
                key = (Others, null, "", Others, Others);
            }

            var (requests, sum) = _flagged.GetValueOrDefault(key);
            _flagged[key] = (requests + 1, Math.Min(Tally.Most, sum + findings));
        }

        if (_named.Count < DefaultNamed)
        {
            var at = exchange.At;
            _named.Add(new FlaggedExchange(at.Device, decision.Exchange, decision.Time, at.Epoch, at.LeafIndex, decision.Provider, decision.FindingCount, rule, exchange.BytesOut));
        }
    }

    private Tally GroupOf(DecisionRecord decision)
    {
        var key = (decision.Provider, decision.Terms);
        if (!_groups.TryGetValue(key, out var group))
        {
            key = _groups.Count < DefaultGroups ? key : (Others, null);
            if (!_groups.TryGetValue(key, out group))
            {
                _groups[key] = group = new Tally();
            }
        }

        return group;
    }

    private void Policy(DecisionRecord decision)
    {
        var key = (decision.Policy, decision.PolicyVersion, decision.PolicyHash, decision.Bundle);
        if (!_policies.TryGetValue(key, out var seen))
        {
            key = _policies.Count < DefaultGroups ? key : (Others, "", "", null);
            seen = _policies.TryGetValue(key, out var others) ? others : (0, decision.Time, decision.Time);
        }

        _policies[key] = (seen.Decisions + 1, decision.Time < seen.First ? decision.Time : seen.First, decision.Time > seen.Last ? decision.Time : seen.Last);
    }
}
