using LocalFirst.Guard.Inspection.Views;

namespace LocalFirst.Guard.Inspection.SourceCode;

/// <summary>
/// Finds the company's own code by its fingerprints. Without an index it finds nothing; over a broken index it throws, so that a text that could not
/// be compared does not pass for clean.
/// </summary>
internal sealed class CodeDetector : IDetector
{
    private readonly Func<CodeIndex?> _index;

    /// <summary>Looks in one index.</summary>
    public CodeDetector(CodeIndex index) => _index = () => index;

    /// <summary>Looks in whatever index is current.</summary>
    public CodeDetector(CodeIndexHandle handle) => _index = () => handle.Current;

    /// <inheritdoc/>
    public string Name => "code";

    /// <inheritdoc/>
    /// <exception cref="CodeIndexException">The index is there and cannot be read.</exception>
    public void Detect(TextView view, WorkBudget budget, ICollection<Finding> findings)
    {
        if (_index() is not { } index)
        {
            return;
        }

        foreach (var match in CodeMatcher.Find(view.Text, index, budget))
        {
            var (start, end) = view.Map(match.Start, match.End);

            // At the threshold 4 in 5 are copies, at twice the points practically all (foreign code against the index, see the conformance figures).
            var confidence = Math.Min(0.99, 0.8 + (0.19 * (match.Strength - 1)));
            findings.Add(new Finding(Name, "own-code", "PROPRIETARY_CODE", Tier.Structural, start, end, confidence));
        }
    }
}
