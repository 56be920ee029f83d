namespace LocalFirst.Guard.Inspection;

/// <summary>What kind of text is looked at; a hint that raises or lowers thresholds.</summary>
public enum Zone
{
    /// <summary>Not known.</summary>
    Unknown,

    /// <summary>Natural language.</summary>
    Prose,

    /// <summary>Program source.</summary>
    Code,

    /// <summary>JSON, YAML, CSV and other key-value data.</summary>
    Data,

    /// <summary>Log lines.</summary>
    Log,
}

/// <summary>How strong the evidence of a finding is, strongest first.</summary>
public enum Tier
{
    /// <summary>Proven offline: a checksum or a parse that chance does not pass.</summary>
    Verified = 1,

    /// <summary>A structure that is specific to the type (prefix with exact length and alphabet, several agreeing signs).</summary>
    Structural = 2,

    /// <summary>A value beside a telling word.</summary>
    Context = 3,

    /// <summary>A hint: recorded, not acted upon by itself.</summary>
    Hint = 4,
}

/// <summary>The text that detectors look at.</summary>
/// <param name="Text">The text. Spans count in its UTF-16 code units.</param>
/// <param name="Zone">A hint of its kind.</param>
/// <param name="Role">Who speaks, by the wire form's own word; null when not known.</param>
/// <param name="PathHint">A file path that the text is said to come from; null when not known.</param>
/// <param name="ConversationKey">A key of the conversation; null when not known.</param>
public sealed record InspectionText(string Text, Zone Zone = Zone.Unknown, string? Role = null, string? PathHint = null, string? ConversationKey = null);

/// <summary>Something sensitive in a text. Holds places only, never the value.</summary>
/// <param name="Detector"><c>secrets</c>, <c>pii</c> or <c>code</c>.</param>
/// <param name="Rule">Id of the rule that found it, for example <c>github-pat</c>.</param>
/// <param name="Type">Type of the value, for example <c>API_KEY</c>, <c>CREDIT_CARD</c>, <c>PROPRIETARY_CODE</c>.</param>
/// <param name="Tier">Strength of the evidence.</param>
/// <param name="Start">First UTF-16 code unit, from 0.</param>
/// <param name="End">One past the last UTF-16 code unit.</param>
/// <param name="Confidence">Calibrated probability in 0…1 that it is what <paramref name="Type"/> says.</param>
public sealed record Finding(string Detector, string Rule, string Type, Tier Tier, int Start, int End, double Confidence);

/// <summary>The result of an inspection.</summary>
/// <param name="Findings">What was found, ordered by <see cref="Finding.Start"/>.</param>
/// <param name="Failure">
/// Set when the text could not be inspected to its end (a detector threw, the work budget ended): a sentence that holds no text of the
/// input. The caller then treats the part as uninspectable.
/// </param>
public sealed record InspectionResult(IReadOnlyList<Finding> Findings, string? Failure = null)
{
    /// <summary>Nothing found, all looked at.</summary>
    public static InspectionResult Clean { get; } = new([]);
}
