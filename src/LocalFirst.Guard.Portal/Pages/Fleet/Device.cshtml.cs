using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Portal.Access;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace LocalFirst.Guard.Portal.Pages.Fleet;

/// <summary>One device: whose it is, what it obeys, and its logs.</summary>
[LetsIn(FleetRoles.AuditRead, FleetRoles.PolicyWrite)]
internal sealed class DeviceModel(IFleetStore store, IRecordSource records) : PageModel
{
    public FleetDevice Device { get; private set; } = null!;

    public FleetPerson? Person { get; private set; }

    public BundleState Bundle { get; private set; } = null!;

    public IReadOnlyList<LogHead> Logs { get; private set; } = [];

    /// <summary>Whether records may be shown: who only writes policies sees devices, but not what they sent.</summary>
    public bool MayRead => User.May(FleetRoles.AuditRead);

    public async Task<IActionResult> OnGetAsync(string id, CancellationToken cancellation)
    {
        if (await store.FindDeviceAsync(id, cancellation) is not { } device)
        {
            return NotFound();
        }

        Device = device;
        Person = await store.FindPersonAsync(device.PersonId, cancellation);
        Bundle = BundleState.Of(device, await store.NewestBundlesAsync(cancellation));
        Logs = [.. (await records.HeadsAsync(cancellation)).Where(h => h.Device == device.Id)];
        return Page();
    }
}
