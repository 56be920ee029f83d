using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Policies.Assignment;
using LocalFirst.Guard.Portal.Access;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace LocalFirst.Guard.Portal.Pages.Fleet;

/// <summary>Which groups have which policy.</summary>
[LetsIn(FleetRoles.AuditRead, FleetRoles.PolicyWrite)]
internal sealed class AssignmentsModel(IFleetStore store, IAssignmentSource source) : PageModel
{
    /// <summary>Versions shown; the database keeps all.</summary>
    private const int MostVersions = 20;

    public AssignmentsInForce Now { get; private set; } = null!;

    /// <summary>Newest first; empty where a file says them.</summary>
    public IReadOnlyList<FleetDocument> History { get; private set; } = [];

    public async Task OnGetAsync(CancellationToken cancellation)
    {
        Now = await source.ReadAsync(cancellation);
        History = Now.File is null ? [.. (await store.ReadHistoryAsync(FleetDocument.AssignmentsKind, FleetDocument.AssignmentsKind, cancellation)).Take(MostVersions)] : [];
    }
}
