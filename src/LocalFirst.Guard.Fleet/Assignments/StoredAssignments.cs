using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Policies.Assignment;

namespace LocalFirst.Guard.Fleet.Assignments;

/// <summary>The assignments of the fleet's database: what administrators write in the portal.</summary>
/// <param name="store">The fleet.</param>
public sealed class StoredAssignments(IFleetStore store) : IAssignmentSource
{
    /// <inheritdoc/>
    public async Task<AssignmentsInForce> ReadAsync(CancellationToken cancellation) =>
        await store.ListDocumentsAsync(FleetDocument.AssignmentsKind, cancellation) is [var document]
            ? new AssignmentsInForce(AssignmentFile.Parse(document.Text, "assignments"), document.Text, document.Version, document.By, document.Written, null, null)
            : new AssignmentsInForce(AssignmentSet.Empty, "", 0, "", null, null, null);
}
