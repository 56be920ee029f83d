namespace LocalFirst.Guard.Policies.Assignment;

/// <summary>Where a fleet's assignments come from: its database, or a file of the server.</summary>
public interface IAssignmentSource
{
    /// <summary>The assignments in force now.</summary>
    /// <param name="cancellation">Stops reading.</param>
    /// <exception cref="Yaml.YamlFileException">They cannot be understood, and there are no earlier ones to keep.</exception>
    Task<AssignmentsInForce> ReadAsync(CancellationToken cancellation = default);
}

/// <summary>The assignments in force and where they come from.</summary>
/// <param name="Set">The assignments.</param>
/// <param name="Text">Their text; empty when nobody has written any.</param>
/// <param name="Version">Version of the document, from 1; 0 when there is none, and for a file.</param>
/// <param name="By">Who wrote that version; empty for a file.</param>
/// <param name="Since">When that version was written, or the file read; null when there is none.</param>
/// <param name="File">The file that they are read from; null when they are kept in the database and may be changed in the portal.</param>
/// <param name="Problem">Why the file, as it is now, is not in force, with its line; null when it is.</param>
public sealed record AssignmentsInForce(AssignmentSet Set, string Text, long Version, string By, DateTimeOffset? Since, string? File, string? Problem);
