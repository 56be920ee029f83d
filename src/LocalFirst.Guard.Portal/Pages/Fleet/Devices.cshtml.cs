using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Fleet;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace LocalFirst.Guard.Portal.Pages.Fleet;

/// <summary>Every device of the fleet and whether its log is whole.</summary>
internal sealed class DevicesModel(IFleetStore store, IRecordSource records) : PageModel
{
    public IReadOnlyList<DeviceView> Devices { get; private set; } = [];

    public async Task OnGetAsync(CancellationToken cancellation)
    {
        var people = (await store.ListPeopleAsync(cancellation)).ToDictionary(p => p.ObjectId, p => p.Name);
        var heads = (await records.HeadsAsync(cancellation)).ToLookup(h => h.Device);
        Devices = [.. (await store.ListDevicesAsync(cancellation)).Select(d => new DeviceView(
            d, people.GetValueOrDefault(d.PersonId, ""), heads[d.Id].Sum(h => h.StoredSize), heads[d.Id].Select(h => h.Failure).FirstOrDefault(f => f is not null)))];
    }

    /// <summary>A row.</summary>
    internal sealed record DeviceView(FleetDevice Device, string Person, long Records, string? Failure);
}
