namespace LocalFirst.Guard.Policies.Assignment;

/// <summary>The policies that a person's devices obey, and why.</summary>
/// <param name="Policies">Their names, in ordinal order; several are joined, and the strictest of all their rules wins.</param>
/// <param name="AssignmentIds">The assignments that decided; empty when none applied.</param>
/// <param name="Explanation">The reasons in sentences, the deciding one first.</param>
public sealed record AssignedPolicies(IReadOnlyList<string> Policies, IReadOnlyList<string> AssignmentIds, IReadOnlyList<string> Explanation);

/// <summary>
/// Says which policy a person has. Pure. An exclusion always wins; of those that apply the highest priority decides; several of that priority are
/// joined, which can only make a verdict stricter.
/// </summary>
public static class PolicyAssignment
{
    /// <summary>The policy of whoever no assignment includes.</summary>
    public const string DefaultPolicy = "default";

    /// <summary>Resolves.</summary>
    /// <param name="set">The assignments.</param>
    /// <param name="groups">The person's groups.</param>
    public static AssignedPolicies Resolve(AssignmentSet set, IReadOnlyCollection<string> groups)
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(groups);
        var own = new HashSet<string>(groups, StringComparer.OrdinalIgnoreCase);
        var applying = set.Assignments
            .Where(a => (a.Everyone || a.IncludeGroups.Any(own.Contains)) && !a.ExcludeGroups.Any(own.Contains))
            .OrderByDescending(a => a.Priority).ThenBy(a => a.Id, StringComparer.Ordinal)
            .ToList();
        var deciding = applying.Where(a => a.Priority == applying[0].Priority).ToList();

        var explanation = new List<string>();
        explanation.AddRange(deciding.Select(a => $"{a.Id} assigns the policy '{a.Policy}' {Because(a, own)} (priority {a.Priority})."));
        if (deciding.Count > 1)
        {
            explanation.Add($"{deciding.Count} assignments share the highest priority: their rules are joined, and the strictest wins.");
        }

        if (deciding.Count == 0)
        {
            explanation.Add($"No assignment includes this person, so the policy '{DefaultPolicy}' holds.");
        }

        explanation.AddRange(applying.Skip(deciding.Count).Select(a => $"{a.Id} would assign '{a.Policy}' {Because(a, own)}, but its priority {a.Priority} is lower."));
        explanation.AddRange(set.Assignments
            .Where(a => a.Everyone || a.IncludeGroups.Any(own.Contains))
            .Where(a => a.ExcludeGroups.Any(own.Contains))
            .OrderBy(a => a.Id, StringComparer.Ordinal)
            .Select(a => $"{a.Id} does not apply: it excludes the group {a.ExcludeGroups.First(own.Contains)}."));

        return deciding.Count == 0
            ? new AssignedPolicies([DefaultPolicy], [], explanation)
            : new AssignedPolicies([.. deciding.Select(a => a.Policy).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)], [.. deciding.Select(a => a.Id)], explanation);
    }

    private static string Because(Assignment assignment, HashSet<string> own) =>
        assignment.IncludeGroups.FirstOrDefault(own.Contains) is { } group ? $"through the group {group}" : "to everyone";
}
