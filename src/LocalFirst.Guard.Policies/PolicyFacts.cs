namespace LocalFirst.Guard.Policies;

/// <summary>What policy may do with a request, from the loosest to the strictest.</summary>
public enum PolicyAction
{
    /// <summary>Forward the bytes as they are.</summary>
    Allow,

    /// <summary>Replace the finding by a surrogate and forward.</summary>
    Redact,

    /// <summary>Answer from a local model; nothing leaves.</summary>
    Local,

    /// <summary>Refuse.</summary>
    Block,
}

/// <summary>A finding as policy sees it.</summary>
/// <param name="Detector"><c>secrets</c>, <c>pii</c> or <c>code</c>.</param>
/// <param name="Rule">Id of the detection rule.</param>
/// <param name="Type">Type of the value.</param>
/// <param name="Tier">1 (verified) to 4 (hint).</param>
/// <param name="Confidence">0…1.</param>
/// <param name="Place">Where it stands: a JSON pointer or another place name. Holds no value.</param>
public sealed record FindingFact(string Detector, string Rule, string Type, int Tier, double Confidence, string Place);

/// <summary>Everything a decision rests on. Same facts and policy, same verdict.</summary>
public sealed record PolicyFacts
{
    /// <summary><c>complete</c>, <c>partial</c>, <c>uninspectable</c> or <c>undecodable</c>.</summary>
    public required string State { get; init; }

    /// <summary>Why the state is not complete, without any text of the request; null when complete.</summary>
    public string? StateReason { get; init; }

    /// <summary>The provider's id in the catalogue.</summary>
    public required string Provider { get; init; }

    /// <summary>The client program's id, for example <c>claude-code</c>; null when not known.</summary>
    public string? Client { get; init; }

    /// <summary><c>planning</c>, <c>execution</c>, <c>background</c> …; null when not known.</summary>
    public string? Phase { get; init; }

    /// <summary>What the detectors found.</summary>
    public required IReadOnlyList<FindingFact> Findings { get; init; }

    /// <summary>Whether a local executor can answer this request; with false, <see cref="PolicyAction.Local"/> becomes a refusal.</summary>
    public required bool LocalAvailable { get; init; }

    /// <summary>Why no local executor can answer and how to mend it; null when one can.</summary>
    public string? LocalUnavailableReason { get; init; }
}

/// <summary>One rule's contribution to a verdict.</summary>
/// <param name="RuleId">Id of the policy rule, or <c>built-in:…</c> for what policy cannot loosen.</param>
/// <param name="Action">What that rule asks for.</param>
/// <param name="Reason">The reason for people. Holds no value.</param>
/// <param name="Place">The place it is about, if any.</param>
public sealed record VerdictReason(string RuleId, PolicyAction Action, string Reason, string? Place = null);

/// <summary>The decision on a request.</summary>
/// <param name="Action">What is to be done: the strictest of the reasons.</param>
/// <param name="Reasons">Every rule that applied, strictest first.</param>
/// <param name="PolicyName">Name of the policy.</param>
/// <param name="PolicyVersion">Version of the policy.</param>
/// <param name="PolicyHash">SHA-256 of the policy file, lower-case hex.</param>
public sealed record Verdict(PolicyAction Action, IReadOnlyList<VerdictReason> Reasons, string PolicyName, string PolicyVersion, string PolicyHash)
{
    /// <summary>Version of the fleet's bundle that the policy came in; null for a policy of this machine.</summary>
    public long? Bundle { get; init; }
}
