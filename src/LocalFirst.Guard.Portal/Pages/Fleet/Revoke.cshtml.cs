using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Portal.Access;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace LocalFirst.Guard.Portal.Pages.Fleet;

/// <summary>Asks before it revokes a device; the revocation is a POST and is written down first.</summary>
[LetsIn(FleetRoles.PolicyWrite)]
internal sealed class RevokeModel(IFleetStore store, IServerJournal journal, TimeProvider time) : PageModel
{
    public FleetDevice Device { get; private set; } = null!;

    public string Person { get; private set; } = "";

    public async Task<IActionResult> OnGetAsync(string id, CancellationToken cancellation) =>
        !await FindAsync(id, cancellation) ? NotFound() : Device.Revoked is null ? Page() : Redirect($"/devices/{Device.Id}");

    public async Task<IActionResult> OnPostAsync(string id, CancellationToken cancellation)
    {
        if (!await FindAsync(id, cancellation))
        {
            return NotFound();
        }

        if (Device.Revoked is null)
        {
            await journal.RecordAsync("device-revoked", $"Device {Device.Id} was revoked.", User.SignInName(), cancellation);
            await store.RevokeDeviceAsync(Device.Id, time.GetUtcNow(), cancellation);
        }

        return Redirect($"/devices/{Device.Id}");
    }

    private async Task<bool> FindAsync(string id, CancellationToken cancellation)
    {
        if (await store.FindDeviceAsync(id, cancellation) is not { } device)
        {
            return false;
        }

        Device = device;
        Person = (await store.FindPersonAsync(device.PersonId, cancellation))?.Name ?? device.PersonId;
        return true;
    }
}
