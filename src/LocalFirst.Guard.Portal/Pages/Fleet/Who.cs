using LocalFirst.Guard.Policies.Assignment;

namespace LocalFirst.Guard.Portal.Pages.Fleet;

/// <summary>Whom an assignment is for, in words.</summary>
internal static class Who
{
    public static string Of(Assignment assignment) =>
        (assignment.Everyone ? "everyone" : Groups(assignment.IncludeGroups))
        + (assignment.ExcludeGroups.Count == 0 ? "" : $" but {Groups(assignment.ExcludeGroups)}");

    private static string Groups(IReadOnlyList<string> groups) => groups.Count == 1 ? "one group" : $"{groups.Count} groups";
}
