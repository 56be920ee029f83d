using LocalFirst.Guard.Inspection.Pii.Recognisers;
using LocalFirst.Guard.Inspection.Views;

namespace LocalFirst.Guard.Inspection.Pii;

/// <summary>Finds personal data by small recognisers under Presidio's entity names, and keeps the strongest where two claim the same place.</summary>
internal sealed class PiiDetector : IDetector
{
    // Rules are immutable and the same for every detector: they are read once, on the first inspection.
    private static readonly Lazy<IRecogniser[]> Recognisers = new(() =>
        [new CreditCardRecogniser(), new IbanRecogniser(), new UsSsnRecogniser(), new EmailRecogniser(), new PhoneRecogniser()]);

    /// <inheritdoc/>
    public string Name => "pii";

    /// <inheritdoc/>
    public void Detect(TextView view, WorkBudget budget, ICollection<Finding> findings)
    {
        var recognisers = Recognisers.Value;

        // One unit per code unit for the digit groups and for each recogniser; context windows and phone parses are spent where they happen.
        budget.Spend((recognisers.Length + 1L) * view.Text.Length);
        var scan = new PiiScan(view.Text, view.Source.Zone, budget);
        var hits = new List<PiiHit>();
        foreach (var recogniser in recognisers)
        {
            recogniser.Recognise(scan, hits);
        }

        foreach (var hit in StrongestWhereTheyOverlap(hits))
        {
            var (start, end) = view.Map(hit.Start, hit.End);
            findings.Add(new Finding(Name, hit.Rule, hit.Type, hit.Tier, start, end, hit.Confidence));
        }
    }

    private static List<PiiHit> StrongestWhereTheyOverlap(List<PiiHit> hits)
    {
        hits.Sort(static (a, b) => a.Start != b.Start ? a.Start.CompareTo(b.Start) : b.End.CompareTo(a.End));
        var kept = new List<PiiHit>(hits.Count);
        foreach (var hit in hits)
        {
            if (kept.Count == 0 || kept[^1].End <= hit.Start)
            {
                kept.Add(hit);
            }
            else if (IsStronger(hit, kept[^1]))
            {
                kept[^1] = hit;
            }
        }

        return kept;
    }

    private static bool IsStronger(PiiHit a, PiiHit b) => a.Tier != b.Tier ? a.Tier < b.Tier : a.Length > b.Length;
}
