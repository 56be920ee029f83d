using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Portal.Access;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace LocalFirst.Guard.Portal.Pages.Fleet;

/// <summary>Every device of the fleet and whether its log is whole.</summary>
[LetsIn(FleetRoles.AuditRead, FleetRoles.PolicyWrite)]
internal sealed class DevicesModel(IFleetStore store, IRecordSource records) : PageModel
{
    public IReadOnlyList<DeviceView> Devices { get; private set; } = [];

    /// <summary>Address of this server, as it was asked for.</summary>
    public string Address => $"{Request.Scheme}://{Request.Host}";

    public async Task OnGetAsync(CancellationToken cancellation)
    {
        var people = (await store.ListPeopleAsync(cancellation)).ToDictionary(p => p.ObjectId, p => p.Name);
        var heads = (await records.HeadsAsync(cancellation)).ToLookup(h => h.Device);
        var bundles = await store.NewestBundlesAsync(cancellation);
        Devices = [.. (await store.ListDevicesAsync(cancellation)).Select(d => new DeviceView(
            d, people.GetValueOrDefault(d.PersonId, ""), BundleState.Of(d, bundles), heads[d.Id].Sum(h => h.StoredSize), heads[d.Id].Select(h => h.Failure).FirstOrDefault(f => f is not null)))];
    }

    /// <summary>A row.</summary>
    internal sealed record DeviceView(FleetDevice Device, string Person, BundleState Bundle, long Records, string? Failure);
}
