namespace LocalFirst.Guard.Policies;

/// <summary>A policy: rules of which the strictest that matches wins.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Version">Its version: any text.</param>
/// <param name="Hash">SHA-256 of the file's bytes, lower-case hex.</param>
/// <param name="Source">Where it was read from: a path, or <c>policies/default.yaml</c> for a built-in one.</param>
/// <param name="Rules">The rules, in file order; their order never changes a verdict.</param>
public sealed record Policy(string Name, string Version, string Hash, string Source, IReadOnlyList<PolicyRule> Rules)
{
    /// <summary>What one person may spend at providers in a calendar month (UTC), in US dollars; null for no bound.</summary>
    public decimal? MonthlyBudgetUsd { get; init; }
}

/// <summary>One rule.</summary>
/// <param name="Id">Its id, unique in the policy.</param>
/// <param name="When">When it applies.</param>
/// <param name="Then">What it asks for.</param>
/// <param name="Reason">Why, for the developer whose request it is.</param>
/// <param name="Line">Line in the file, from 1.</param>
public sealed record PolicyRule(string Id, PolicyCondition When, PolicyAction Then, string Reason, int Line)
{
    /// <summary>The cloud model that takes the place of the requested one; only beside <see cref="PolicyAction.Allow"/>, null otherwise.</summary>
    public string? Model { get; init; }
}
