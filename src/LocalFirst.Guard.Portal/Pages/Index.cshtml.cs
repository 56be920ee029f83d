using LocalFirst.Guard.Audit;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace LocalFirst.Guard.Portal.Pages;

/// <summary>The list of exchanges, newest first; its first page refreshes itself.</summary>
internal sealed class IndexModel(IAuditReader audit, TimeProvider time) : PageModel
{
    /// <summary>Rows of a page: what one can look through.</summary>
    public const int PageSize = 50;

    [BindProperty(SupportsGet = true)]
    public long? Before { get; set; }

    public bool IsLive => Before is null;

    public IReadOnlyList<ExchangeEntry> Exchanges { get; private set; } = [];

    /// <summary>Where the next page begins; null on the last one.</summary>
    public long? Older { get; private set; }

    public TimeProvider Clock => time;

    public DateTimeOffset Now => time.GetUtcNow();

    public int Count(string tone) => Exchanges.Count(e => Display.Show.VerdictTone(e.Decision.Action) == tone);

    public async Task OnGetAsync(CancellationToken cancellation)
    {
        // One more than shown tells whether there is another page.
        var found = await audit.ListExchangesAsync(PageSize + 1, Before, cancellation);
        Exchanges = [.. found.Take(PageSize)];
        Older = found.Count > PageSize ? Exchanges[^1].DecisionIndex : null;
    }

    public async Task<IActionResult> OnGetRowsAsync(CancellationToken cancellation)
    {
        await OnGetAsync(cancellation);
        return Partial("_Exchanges", this);
    }
}
