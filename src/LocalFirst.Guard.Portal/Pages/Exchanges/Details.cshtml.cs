using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Portal.Display;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace LocalFirst.Guard.Portal.Pages.Exchanges;

/// <summary>One exchange: what was decided, why, and how it ended.</summary>
internal sealed class DetailsModel(IAuditReader audit, TimeProvider time) : PageModel
{
    // An exchange's id has 26 characters; nothing longer is worth asking the log for.
    private const int LongestId = 64;

    public ExchangeEntry Entry { get; private set; } = null!;

    public ExchangeView View => new(Entry, time.GetUtcNow(), Show.FullTime(Entry.Decision.Time, time), "this machine", [new("Leaf", Show.Number(Entry.DecisionIndex), "/log")]);

    public async Task<IActionResult> OnGetAsync(string id, CancellationToken cancellation)
    {
        if (id.Length > LongestId || await audit.FindExchangeAsync(id, cancellation) is not { } entry)
        {
            return NotFound();
        }

        Entry = entry;
        return Page();
    }
}
