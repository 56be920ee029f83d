using System.Text;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.Audit.Notes;
using LocalFirst.Guard.Portal.Access;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace LocalFirst.Guard.Portal.Pages.Fleet;

/// <summary>One log of one device, and one record of it at its place.</summary>
[LetsIn(FleetRoles.AuditRead)]
internal sealed class DeviceLogModel(IFleetStore store, IRecordSource records, FleetKeys keys) : PageModel
{
    [BindProperty(SupportsGet = true, Name = "leaf")]
    public long? LeafIndex { get; set; }

    public LogState Log { get; private set; } = null!;

    public string WitnessKey => keys.Cosigner.VerifierKey;

    public FleetLeaf? Leaf { get; private set; }

    /// <summary>The record's canonical text; hostile.</summary>
    public string Record { get; private set; } = "";

    /// <summary>Exchange that the record belongs to; null when it belongs to none.</summary>
    public string? Exchange { get; private set; }

    public async Task<IActionResult> OnGetAsync(string device, long epoch, CancellationToken cancellation)
    {
        if ((await records.HeadsAsync(cancellation)).FirstOrDefault(h => h.Device == device && h.Epoch == epoch) is not { } head)
        {
            return NotFound();
        }

        Log = LogState.Of(head, CosignatureKey.Parse(keys.Cosigner.VerifierKey));
        if (LeafIndex is not { } index)
        {
            return Page();
        }

        if (await store.FindLeafAsync(device, epoch, index, cancellation) is not { } leaf)
        {
            return NotFound();
        }

        Leaf = leaf;
        Record = Encoding.UTF8.GetString(leaf.Canonical.Span);
        Exchange = leaf.Record switch
        {
            DecisionRecord decision => decision.Exchange,
            OutcomeRecord outcome => outcome.Exchange,
            _ => null,
        };
        return Page();
    }
}
