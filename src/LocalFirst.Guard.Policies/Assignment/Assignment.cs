namespace LocalFirst.Guard.Policies.Assignment;

/// <summary>Which groups get which policy.</summary>
/// <param name="Assignments">The assignments; their order means nothing.</param>
public sealed record AssignmentSet(IReadOnlyList<Assignment> Assignments)
{
    /// <summary>No assignment at all: everybody has the default policy.</summary>
    public static AssignmentSet Empty { get; } = new([]);
}

/// <summary>One assignment.</summary>
/// <param name="Id">Its id, unique in the set.</param>
/// <param name="Policy">Name of the policy.</param>
/// <param name="Everyone">Whether it includes everybody.</param>
/// <param name="IncludeGroups">Object ids of the groups it includes.</param>
/// <param name="ExcludeGroups">Object ids of the groups it leaves out; being left out always wins.</param>
/// <param name="Priority">Of those that apply, the highest decide; 0…1000.</param>
/// <param name="Line">Line in the file, from 1.</param>
public sealed record Assignment(string Id, string Policy, bool Everyone, IReadOnlyList<string> IncludeGroups, IReadOnlyList<string> ExcludeGroups, int Priority, int Line);
