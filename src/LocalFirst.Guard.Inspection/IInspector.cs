namespace LocalFirst.Guard.Inspection;

/// <summary>Looks at one text with every detector. Deterministic: same text, same rules, same result. Thread-safe.</summary>
public interface IInspector
{
    /// <summary>Inspects a text. Never throws for any input: what cannot be inspected is said in <see cref="InspectionResult.Failure"/>.</summary>
    /// <param name="text">The text.</param>
    InspectionResult Inspect(InspectionText text);
}
