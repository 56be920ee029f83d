using LocalFirst.Guard.Inspection.Pii;
using LocalFirst.Guard.Inspection.Secrets;
using LocalFirst.Guard.Inspection.SourceCode;
using LocalFirst.Guard.Inspection.Views;

namespace LocalFirst.Guard.Inspection;

/// <summary>
/// Looks at a text with every detector, through every view: the text itself, then what it says below each level of JSON escapes. What two views
/// or two rules say about one place becomes one finding, the strongest. Thread-safe.
/// </summary>
public sealed class Inspector : IInspector
{
    private readonly IDetector[] _detectors;
    private readonly InspectionOptions _options;
    private Func<long> _generation = static () => 0;

    internal Inspector(IEnumerable<IDetector> detectors, InspectionOptions? options = null)
    {
        _detectors = [.. detectors];
        _options = options ?? new InspectionOptions();
    }

    /// <summary>An inspector with all detectors.</summary>
    /// <param name="options">What it is made from.</param>
    public static Inspector Create(InspectionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var detectors = new List<IDetector> { SecretsDetector.Default, new PiiDetector() };
        if (options is not { CodeIndexPath: { } index, CodeKeyPath: { } key })
        {
            return new Inspector(detectors, options);
        }

        var handle = new CodeIndexHandle(index, key, options.Time);
        detectors.Add(new CodeDetector(handle));
        return new Inspector(detectors, options) { _generation = () => handle.Generation };
    }

    /// <summary>Changes whenever the same text may be judged differently: now, when the code index is rebuilt.</summary>
    public long Generation => _generation();

    /// <inheritdoc/>
    public InspectionResult Inspect(InspectionText text)
    {
        var budget = new WorkBudget(_options.BaseWorkUnits + ((long)_options.WorkUnitsPerCodeUnit * text.Text.Length));
        var findings = new List<Finding>();
        var failure = Look(text, budget, findings);
        return findings.Count == 0 && failure is null
            ? InspectionResult.Clean
            : new InspectionResult(FindingMerge.KeepStrongest(findings), failure);
    }

    /// <summary>Fills <paramref name="findings"/>; says why when the text was not read to its end.</summary>
    private string? Look(InspectionText text, WorkBudget budget, List<Finding> findings)
    {
        string? failure = null;
        try
        {
            foreach (var view in TextViews.Of(text, budget))
            {
                foreach (var detector in _detectors)
                {
                    failure = LookWith(detector, view, budget, findings) ?? failure;
                }
            }
        }
        catch (Exception e) when (e is WorkBudgetExhaustedException or TooDeepException)
        {
            // Both carry one fixed sentence.
            return e.Message;
        }

        return failure;
    }

    private static string? LookWith(IDetector detector, TextView view, WorkBudget budget, List<Finding> findings)
    {
        try
        {
            detector.Detect(view, budget, findings);
            return null;
        }
        catch (Exception e) when (e is not WorkBudgetExhaustedException)
        {
            // The message of an unexpected exception may quote the text: only its type is told. The other detectors still look, so that what
            // they find is known; the failure makes the part uninspectable all the same.
            return $"The detector '{detector.Name}' failed ({e.GetType().Name}).";
        }
    }
}
