using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Policies.Yaml;

namespace LocalFirst.Guard.Portal.Editing;

/// <summary>How an attempt to save ended: exactly one of these is set.</summary>
internal sealed record EditResult
{
    /// <summary>The version that is stored now; it may be the one that was there already, when nothing was different.</summary>
    public FleetDocument? Saved { get; private init; }

    /// <summary>What is wrong with what was typed.</summary>
    public EditProblem? Problem { get; private init; }

    /// <summary>Somebody else's newer version, which the typed text does not build on.</summary>
    public FleetDocument? Newer { get; private init; }

    public static EditResult Of(FleetDocument saved) => new() { Saved = saved };

    public static EditResult Of(EditProblem problem) => new() { Problem = problem };

    public static EditResult Conflict(FleetDocument newer) => new() { Newer = newer };
}

/// <summary>What is wrong with what was typed, and the mend.</summary>
/// <param name="In">The text that it is in: one of the names below.</param>
/// <param name="Line">Line of that text, from 1; null when it is about the whole.</param>
/// <param name="Field">Path of the field; empty when there is none.</param>
/// <param name="What">What is wrong.</param>
/// <param name="Next">What to do next.</param>
internal sealed record EditProblem(string In, int? Line, string Field, string What, string Next)
{
    public const string Policy = "policy";
    public const string Tests = "tests";
    public const string Assignments = "assignments";

    public static EditProblem Of(string text, YamlFileException error) => new(text, error.Place.Line, error.Place.Field, error.What, error.Next);
}
