using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.Audit.Notes;
using LocalFirst.Guard.Portal.Access;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace LocalFirst.Guard.Portal.Pages.Fleet;

/// <summary>Every log of every device, and whether it is whole.</summary>
[LetsIn(FleetRoles.AuditRead)]
internal sealed class LogsModel(IRecordSource records, FleetKeys keys) : PageModel
{
    public IReadOnlyList<LogState> Logs { get; private set; } = [];

    public async Task OnGetAsync(CancellationToken cancellation)
    {
        var witness = CosignatureKey.Parse(keys.Cosigner.VerifierKey);

        // What needs somebody comes first.
        Logs = [.. (await records.HeadsAsync(cancellation)).Select(h => LogState.Of(h, witness)).OrderBy(l => l.Failure is null)];
    }
}
