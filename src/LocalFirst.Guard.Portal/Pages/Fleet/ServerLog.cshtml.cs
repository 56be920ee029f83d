using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Portal.Access;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace LocalFirst.Guard.Portal.Pages.Fleet;

/// <summary>Checks the server's own log, which says what people did with it.</summary>
[LetsIn(FleetRoles.AuditRead)]
internal sealed class ServerLogModel(IAuditReader audit) : PageModel
{
    public LogIntegrity? Integrity { get; private set; }

    /// <summary>Why it could not be checked; null when it could.</summary>
    public string? Failure { get; private set; }

    public async Task OnGetAsync(CancellationToken cancellation)
    {
        try
        {
            Integrity = await audit.VerifyAsync(cancellation);
        }
        catch (AuditException e)
        {
            Failure = e.Message;
        }
    }
}
