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

    /// <summary>
    /// Why the money of this request may not be spent: the month's budget would be overdrawn, or nobody knows what the model costs. Null when it may, and
    /// not looked at where the policy has no budget.
    /// </summary>
    public BudgetObstacle? Budget { get; init; }

    /// <summary>Why another model cannot be named in this request, as a sentence without any text of it; null when one can.</summary>
    public string? ModelObstacle { get; init; }

    /// <summary>What the detectors found.</summary>
    public required IReadOnlyList<FindingFact> Findings { get; init; }

    /// <summary>Whether a local executor can answer this request; with false, <see cref="PolicyAction.Local"/> becomes a refusal.</summary>
    public required bool LocalAvailable { get; init; }

    /// <summary>Why no local executor can answer and how to mend it; null when one can.</summary>
    public string? LocalUnavailableReason { get; init; }
}

/// <summary>Why a request's money may not be spent.</summary>
/// <param name="Rule"><see cref="PolicyEvaluator.BudgetSpentRule"/> or <see cref="PolicyEvaluator.NoPriceRule"/>.</param>
/// <param name="Reason">Amount, month and mend, for people.</param>
public sealed record BudgetObstacle(string Rule, string Reason);

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
    /// <summary>The cloud model that the policy names in place of the requested one; only with <see cref="PolicyAction.Allow"/>, null otherwise.</summary>
    public string? Model { get; init; }

    /// <summary>The policy's monthly budget in US dollars; null when it has none.</summary>
    public decimal? MonthlyBudgetUsd { get; init; }

    /// <summary>Version of the fleet's bundle that the policy came in; null for a policy of this machine.</summary>
    public long? Bundle { get; init; }
}
