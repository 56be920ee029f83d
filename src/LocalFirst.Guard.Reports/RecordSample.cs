using System.Security.Cryptography;
using System.Text;
using LocalFirst.Guard.Audit;

namespace LocalFirst.Guard.Reports;

/// <summary>
/// The exchanges whose records a report lists with proofs: all of them, or beyond a bound those with the smallest SHA-256 of device and exchange id. Nobody
/// chooses this sample, and anybody can draw it again.
/// </summary>
internal sealed class RecordSample(int most)
{
    private readonly Dictionary<string, List<SourcedRecord>> _kept = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _ranks = new(StringComparer.Ordinal);

    /// <summary>Whether something was left out.</summary>
    public bool IsCut { get; private set; }

    public void Add(SourcedRecord record)
    {
        var exchange = record.Record switch
        {
            DecisionRecord decision => decision.Exchange,
            OutcomeRecord outcome => outcome.Exchange,
            _ => "",
        };
        var rank = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{record.Device}\n{exchange}")));
        if (_kept.TryGetValue(rank, out var records))
        {
            records.Add(record);
            return;
        }

        if (_ranks.Count == most)
        {
            IsCut = true;
            var worst = _ranks.Max!;
            if (string.CompareOrdinal(rank, worst) > 0)
            {
                return;
            }

            _ranks.Remove(worst);
            _kept.Remove(worst);
        }

        _ranks.Add(rank);
        _kept.Add(rank, [record]);
    }

    /// <summary>Number of exchanges.</summary>
    public int Count => _kept.Count;

    /// <summary>Their records in the order of the logs.</summary>
    public IReadOnlyList<SourcedRecord> Records =>
        [.. _kept.Values.SelectMany(r => r).OrderBy(r => r.Device, StringComparer.Ordinal).ThenBy(r => r.Epoch).ThenBy(r => r.LeafIndex)];
}
