using System.Numerics;

namespace LocalFirst.Guard.ModelHost.Engine;

/// <summary>How the next token is chosen.</summary>
/// <param name="Temperature">0 is greedy; above it, scores are divided by it. 0 to 2.</param>
/// <param name="TopP">Nucleus: the most likely tokens whose probabilities reach this sum. Above 0 to 1.</param>
/// <param name="Seed">Seed of the choice; null takes one from the system.</param>
internal sealed record Sampling(double Temperature = 0, double TopP = 1, int? Seed = null);

/// <summary>Chooses tokens from scores. One a request.</summary>
/// <param name="sampling">The settings.</param>
internal sealed class Sampler(Sampling sampling)
{
    /// <summary>
    /// Candidates that are ever sampled from. Sorting a whole vocabulary of 150 thousand costs milliseconds a token; what lies behind the first
    /// thousand is noise.
    /// </summary>
    private const int MaxCandidates = 1024;

    private readonly Random _random = sampling.Seed is { } seed ? new Random(seed) : new Random();

    /// <summary>The next token.</summary>
    /// <param name="logits">Scores, one a token.</param>
    public int Next(ReadOnlySpan<float> logits) =>
        sampling.Temperature <= 0 ? IndexOfMax(logits) : Draw(logits);

    /// <summary>First index of the largest score; NaN never wins.</summary>
    public static int IndexOfMax(ReadOnlySpan<float> values)
    {
        var best = Largest(values);
        var index = values.IndexOf(best);
        return index < 0 ? 0 : index;
    }

    private static float Largest(ReadOnlySpan<float> values)
    {
        var best = float.NegativeInfinity;
        var i = 0;
        if (Vector.IsHardwareAccelerated && values.Length >= Vector<float>.Count)
        {
            var running = new Vector<float>(float.NegativeInfinity);
            for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
            {
                running = Vector.MaxNumber(running, new Vector<float>(values[i..]));
            }

            for (var lane = 0; lane < Vector<float>.Count; lane++)
            {
                best = Math.Max(best, running[lane]);
            }
        }

        for (; i < values.Length; i++)
        {
            best = values[i] > best ? values[i] : best;
        }

        return best;
    }

    private int Draw(ReadOnlySpan<float> logits)
    {
        var candidates = new PriorityQueue<int, float>(MaxCandidates + 1);
        for (var i = 0; i < logits.Length; i++)
        {
            if (candidates.Count < MaxCandidates)
            {
                candidates.Enqueue(i, logits[i]);
            }
            else
            {
                candidates.EnqueueDequeue(i, logits[i]);
            }
        }

        var ordered = candidates.UnorderedItems.OrderByDescending(c => c.Priority).ThenBy(c => c.Element).ToArray();
        var weights = ordered.Select(c => Math.Exp((c.Priority - ordered[0].Priority) / sampling.Temperature)).ToArray();
        var total = weights.Sum();
        var kept = 0.0;
        var count = 0;
        while (count < weights.Length && (count == 0 || kept < sampling.TopP * total))
        {
            kept += weights[count++];
        }

        var point = _random.NextDouble() * kept;
        for (var i = 0; i < count; i++)
        {
            point -= weights[i];
            if (point < 0)
            {
                return ordered[i].Element;
            }
        }

        return ordered[0].Element;
    }
}
