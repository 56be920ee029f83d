using LocalFirst.Guard.Policies.Assignment;

namespace LocalFirst.Guard.Portal.Pages.Fleet;

/// <summary>A row of the form for assignments: what was typed, unchecked.</summary>
internal sealed class AssignmentRow
{
    public string? Id { get; set; }

    public string? Policy { get; set; }

    public bool Everyone { get; set; }

    public string? Include { get; set; }

    public string? Exclude { get; set; }

    public string? Priority { get; set; }

    public bool Remove { get; set; }

    /// <summary>Whether nobody has typed anything; the policy is always chosen.</summary>
    public bool IsEmpty => string.IsNullOrWhiteSpace(Id) && !Everyone && Groups(Include).Count == 0 && Groups(Exclude).Count == 0 && string.IsNullOrWhiteSpace(Priority);

    public static AssignmentRow Of(TypedAssignment typed) => new()
    {
        Id = typed.Id,
        Policy = typed.Policy,
        Everyone = typed.Everyone,
        Include = string.Join('\n', typed.IncludeGroups),
        Exclude = string.Join('\n', typed.ExcludeGroups),
        Priority = typed.Priority,
    };

    public TypedAssignment Typed() => new((Id ?? "").Trim(), (Policy ?? "").Trim(), Everyone, Groups(Include), Groups(Exclude), (Priority ?? "").Trim());

    private static List<string> Groups(string? lines) => [.. (lines ?? "").ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
}
