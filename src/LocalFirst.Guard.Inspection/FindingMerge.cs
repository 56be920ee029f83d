namespace LocalFirst.Guard.Inspection;

/// <summary>Makes one finding of what several rules or views say about the same place: the strongest evidence is kept.</summary>
internal static class FindingMerge
{
    /// <summary>Strongest first: tier, confidence, longer span, then place and rule so that the order is total.</summary>
    private static readonly Comparer<Finding> StrongestFirst = Comparer<Finding>.Create(static (a, b) =>
    {
        var order = a.Tier.CompareTo(b.Tier);
        order = order != 0 ? order : b.Confidence.CompareTo(a.Confidence);
        order = order != 0 ? order : (b.End - b.Start).CompareTo(a.End - a.Start);
        order = order != 0 ? order : a.Start.CompareTo(b.Start);
        return order != 0 ? order : string.CompareOrdinal(a.Rule, b.Rule);
    });

    /// <summary>Order of a result: by start, then end, then names.</summary>
    private static readonly Comparer<Finding> ByPlace = Comparer<Finding>.Create(static (a, b) =>
    {
        var order = a.Start.CompareTo(b.Start);
        order = order != 0 ? order : a.End.CompareTo(b.End);
        order = order != 0 ? order : string.CompareOrdinal(a.Detector, b.Detector);
        order = order != 0 ? order : string.CompareOrdinal(a.Type, b.Type);
        return order != 0 ? order : string.CompareOrdinal(a.Rule, b.Rule);
    });

    /// <summary>Of findings with the same detector and type whose spans overlap, keeps the strongest.</summary>
    /// <param name="findings">Findings in any order.</param>
    /// <returns>What is kept, ordered by <see cref="Finding.Start"/>.</returns>
    public static IReadOnlyList<Finding> KeepStrongest(IReadOnlyCollection<Finding> findings) =>
        Merge(findings, static finding => (finding.Detector, finding.Type));

    /// <summary>The same, whatever the type: one detector says one thing about one place.</summary>
    /// <param name="findings">Findings of one detector, in any order.</param>
    public static IReadOnlyList<Finding> KeepStrongestOfAnyType(IReadOnlyCollection<Finding> findings) =>
        Merge(findings, static finding => (finding.Detector, string.Empty));

    private static List<Finding> Merge(IReadOnlyCollection<Finding> findings, Func<Finding, (string, string)> groupOf)
    {
        var kept = new List<Finding>(findings.Count);
        foreach (var group in findings.GroupBy(groupOf))
        {
            // What is kept never overlaps, so that starts and ends rise together and one search finds the only candidates.
            var places = new List<Finding>();
            foreach (var finding in group.Order(StrongestFirst))
            {
                var at = FirstEndingAfter(places, finding.Start);
                if (at == places.Count || places[at].Start >= finding.End)
                {
                    places.Insert(at, finding);
                }
            }

            kept.AddRange(places);
        }

        kept.Sort(ByPlace);
        return kept;
    }

    private static int FirstEndingAfter(List<Finding> places, int start)
    {
        var (low, high) = (0, places.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = places[middle].End > start ? (low, middle) : (middle + 1, high);
        }

        return low;
    }
}
