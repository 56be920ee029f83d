using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Policies.Assignment;
using LocalFirst.Guard.Portal.Access;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace LocalFirst.Guard.Portal.Pages.Fleet;

/// <summary>Everybody who signed in or enrolled a device, and which policy that gives.</summary>
[LetsIn(FleetRoles.AuditRead, FleetRoles.PolicyWrite)]
internal sealed class PeopleModel(IFleetStore store, IAssignmentSource source) : PageModel
{
    public IReadOnlyList<PersonView> People { get; private set; } = [];

    public async Task OnGetAsync(CancellationToken cancellation)
    {
        var set = (await source.ReadAsync(cancellation)).Set;
        var devices = (await store.ListDevicesAsync(cancellation)).Where(d => d.Revoked is null).ToLookup(d => d.PersonId);
        People = [.. (await store.ListPeopleAsync(cancellation)).Select(p => new PersonView(p, PolicyAssignment.Resolve(set, p.Groups), devices[p.ObjectId].Count()))];
    }

    /// <summary>A row.</summary>
    internal sealed record PersonView(FleetPerson Person, AssignedPolicies Assigned, int Devices);
}
