using LocalFirst.Guard.Inspection.Views;

namespace LocalFirst.Guard.Inspection;

/// <summary>
/// Finds one family of sensitive values in a view of a text. Thread-safe and deterministic; bounded by the work budget, never by time.
/// A detector that throws makes the text uninspectable, so it throws only when it must.
/// </summary>
internal interface IDetector
{
    /// <summary><c>secrets</c>, <c>pii</c> or <c>code</c>.</summary>
    string Name { get; }

    /// <summary>Adds what it finds in <paramref name="view"/>, with spans already mapped to the original text (<see cref="TextView.Map"/>).</summary>
    /// <param name="view">The view to look at.</param>
    /// <param name="budget">Work left for the whole inspection.</param>
    /// <param name="findings">Where findings go.</param>
    /// <exception cref="WorkBudgetExhaustedException">The budget ended; the text is then uninspectable.</exception>
    void Detect(TextView view, WorkBudget budget, ICollection<Finding> findings);
}
