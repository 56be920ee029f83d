namespace LocalFirst.Guard.Policies;

/// <summary>
/// When a rule applies. Every field that is set must agree; a field with several values agrees with any of them. With <see cref="Detectors"/>,
/// <see cref="Types"/>, <see cref="Tiers"/> or <see cref="Confidence"/> set, one and the same finding must agree with all of these.
/// </summary>
public sealed record PolicyCondition
{
    /// <summary>Detectors; null for any.</summary>
    public IReadOnlyList<string>? Detectors { get; init; }

    /// <summary>Types of value, <c>*</c> for every type; null for any.</summary>
    public IReadOnlyList<string>? Types { get; init; }

    /// <summary>Tiers, 1…4; null for any.</summary>
    public IReadOnlyList<int>? Tiers { get; init; }

    /// <summary>Confidence; null for any.</summary>
    public ConfidenceRange? Confidence { get; init; }

    /// <summary>Decode states; null for any.</summary>
    public IReadOnlyList<string>? States { get; init; }

    /// <summary>Phases; null for any.</summary>
    public IReadOnlyList<string>? Phases { get; init; }

    /// <summary>Client ids; null for any.</summary>
    public IReadOnlyList<string>? Clients { get; init; }

    /// <summary>Provider ids; null for any.</summary>
    public IReadOnlyList<string>? Providers { get; init; }

    /// <summary>Whether the rule is about findings, and so applies once for each that agrees.</summary>
    public bool IsAboutFindings => Detectors is not null || Types is not null || Tiers is not null || Confidence is not null;

    /// <summary>Whether the request itself agrees.</summary>
    /// <param name="facts">The request's facts.</param>
    internal bool AgreesWithRequest(PolicyFacts facts) =>
        (States is null || States.Contains(facts.State, StringComparer.Ordinal))
        && AgreesWithName(Phases, facts.Phase)
        && AgreesWithName(Clients, facts.Client)
        && AgreesWithName(Providers, facts.Provider);

    /// <summary>Whether a finding agrees.</summary>
    /// <param name="finding">The finding.</param>
    internal bool AgreesWithFinding(FindingFact finding) =>
        (Detectors is null || Detectors.Contains(finding.Detector, StringComparer.Ordinal))
        && (Types is null || Types.Contains(PolicyWords.Any) || Types.Contains(finding.Type, StringComparer.Ordinal))
        // A number outside its range is a fault of the detector; it counts as strong evidence, so that no rule misses it.
        && (Tiers is null || Tiers.Contains(finding.Tier is >= 1 and <= 4 ? finding.Tier : 1))
        && (Confidence is null || Confidence.Contains(finding.Confidence is >= 0 and <= 1 ? finding.Confidence : 1));

    private static bool AgreesWithName(IReadOnlyList<string>? names, string? name) =>
        names is null || names.Contains(PolicyWords.Any) || names.Contains(name ?? PolicyWords.Unknown, StringComparer.Ordinal);
}

/// <summary>A half-line of confidences: <c>&gt;= 0.5</c>, <c>&gt; 0.5</c>, <c>&lt;= 0.5</c> or <c>&lt; 0.5</c>.</summary>
/// <param name="Operator">One of <c>&gt;=</c>, <c>&gt;</c>, <c>&lt;=</c>, <c>&lt;</c>.</param>
/// <param name="Limit">0…1.</param>
public sealed record ConfidenceRange(string Operator, double Limit)
{
    /// <summary>Whether a confidence lies in it.</summary>
    /// <param name="confidence">0…1.</param>
    public bool Contains(double confidence) => Operator switch
    {
        ">=" => confidence >= Limit,
        ">" => confidence > Limit,
        "<=" => confidence <= Limit,
        _ => confidence < Limit,
    };
}
