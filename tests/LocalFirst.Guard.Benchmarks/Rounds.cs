namespace LocalFirst.Guard.Benchmarks;

/// <summary>How much is measured.</summary>
/// <param name="Count">Rounds; the variants take turns within each, so that a slow moment hits all of them.</param>
/// <param name="Requests">Requests a variant and round.</param>
internal sealed record Rounds(int Count, int Requests);

/// <summary>Latencies of one variant, in milliseconds.</summary>
internal sealed class Latencies
{
    private readonly List<double> _p10s = [];
    private readonly List<double> _medians = [];
    private readonly List<double> _p99s = [];

    private TimeSpan _processor;
    private int _requests;

    /// <summary>Processor time of the broker for each request, in milliseconds.</summary>
    public double Processor => _processor.TotalMilliseconds / Math.Max(1, _requests);

    /// <summary>Adds a round.</summary>
    public void Add(List<double> milliseconds, TimeSpan processor = default)
    {
        _processor += processor;
        _requests += milliseconds.Count;
        milliseconds.Sort();
        _p10s.Add(At(milliseconds, 0.10));
        _medians.Add(At(milliseconds, 0.50));
        _p99s.Add(At(milliseconds, 0.99));
    }

    /// <summary>Median over rounds of the round's 10th percentile: what is left of a busy machine's noise is least here.</summary>
    public double P10 => Median(_p10s);

    /// <summary>Median over rounds of the round's median: one disturbed round does not move it.</summary>
    public double P50 => Median(_medians);

    /// <summary>Median over rounds of the round's 99th percentile.</summary>
    public double P99 => Median(_p99s);

    private static double Median(List<double> values)
    {
        var sorted = values.Order().ToList();
        return At(sorted, 0.50);
    }

    private static double At(List<double> sorted, double share) => sorted[Math.Min(sorted.Count - 1, (int)(share * sorted.Count))];
}
