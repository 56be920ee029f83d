using System.Globalization;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Portal.Access;
using LocalFirst.Guard.Portal.Display;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace LocalFirst.Guard.Portal.Pages.Fleet;

/// <summary>One exchange of one device.</summary>
[LetsIn(FleetRoles.AuditRead)]
internal sealed class ExchangeModel(IFleetStore store, TimeProvider time) : PageModel
{
    // An exchange's id has 26 characters; nothing longer is worth asking the database for.
    private const int LongestId = 64;

    public FleetExchange Exchange { get; private set; } = null!;

    public ExchangeView View => new(
        Exchange.Entry,
        time.GetUtcNow(),
        Show.Utc(Exchange.Entry.Decision.Time),
        "the device",
        [
            new("Device", Exchange.DeviceName, $"/devices/{Exchange.Device}"),
            new("Person", Exchange.Person, null),
            new(
                "Place in the log",
                string.Create(CultureInfo.InvariantCulture, $"epoch {Exchange.Entry.Epoch}, leaf {Exchange.Entry.LeafIndex}"),
                string.Create(CultureInfo.InvariantCulture, $"/logs/{Exchange.Device}/{Exchange.Entry.Epoch}?leaf={Exchange.Entry.LeafIndex}")),
        ]);

    public async Task<IActionResult> OnGetAsync(string device, string id, CancellationToken cancellation)
    {
        if (id.Length > LongestId || await store.FindExchangeAsync(device, id, cancellation) is not { } exchange)
        {
            return NotFound();
        }

        Exchange = exchange;
        return Page();
    }
}
