using LocalFirst.Guard.Audit.Fleet;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace LocalFirst.Guard.Portal.Pages.Fleet;

/// <summary>The exchanges of all devices, newest first.</summary>
internal sealed class ExchangesModel(IFleetStore store) : PageModel
{
    [BindProperty(SupportsGet = true)]
    public long? Before { get; set; }

    public IReadOnlyList<FleetExchange> Exchanges { get; private set; } = [];

    /// <summary>Where the next page begins; null on the last one.</summary>
    public long? Older { get; private set; }

    public async Task OnGetAsync(CancellationToken cancellation)
    {
        var found = await store.ListExchangesAsync(IndexModel.PageSize + 1, Before, null, cancellation);
        Exchanges = [.. found.Take(IndexModel.PageSize)];
        Older = found.Count > IndexModel.PageSize ? Exchanges[^1].Entry.DecisionIndex : null;
    }
}
