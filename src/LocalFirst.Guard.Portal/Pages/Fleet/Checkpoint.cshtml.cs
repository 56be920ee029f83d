using System.Text;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Portal.Access;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace LocalFirst.Guard.Portal.Pages.Fleet;

/// <summary>The newest cosigned checkpoint of a log, byte for byte, to keep elsewhere.</summary>
[LetsIn(FleetRoles.AuditRead)]
internal sealed class CheckpointModel(IRecordSource records) : PageModel
{
    public async Task<IActionResult> OnGetAsync(string device, long epoch, CancellationToken cancellation) =>
        (await records.HeadsAsync(cancellation)).FirstOrDefault(h => h.Device == device && h.Epoch == epoch && h.Checkpoint.Length > 0) is { } head
            ? File(Encoding.UTF8.GetBytes(head.Checkpoint), "text/plain; charset=utf-8", $"{head.Device}-{head.Epoch}.checkpoint")
            : NotFound();
}
