using LocalFirst.Guard.Audit;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace LocalFirst.Guard.Portal.Pages;

/// <summary>Checks the log and says what came out.</summary>
internal sealed class LogModel(IAuditReader audit, TimeProvider time) : PageModel
{
    public LogIntegrity? Integrity { get; private set; }

    /// <summary>Why it could not be checked; null when it could.</summary>
    public string? Failure { get; private set; }

    public DateTimeOffset Checked { get; private set; }

    public TimeSpan Took { get; private set; }

    public TimeProvider Clock => time;

    public async Task OnGetAsync(CancellationToken cancellation)
    {
        Checked = time.GetUtcNow();
        var begun = time.GetTimestamp();
        try
        {
            Integrity = await audit.VerifyAsync(cancellation);
        }
        catch (AuditException e)
        {
            Failure = e.Message;
        }

        Took = time.GetElapsedTime(begun);
    }
}
