using LocalFirst.Guard.Portal.Display;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace LocalFirst.Guard.Portal.Pages;

/// <summary>What this device spent, what stayed local and what that saved.</summary>
internal sealed class SpendModel(SpendSource source, TimeProvider time) : PageModel
{
    [BindProperty(SupportsGet = true)]
    public string? Month { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? From { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? To { get; set; }

    public SpendView View { get; private set; } = null!;

    public async Task OnGetAsync(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        View = await SpendView.CountAsync(source, SpendPeriod.Of(Month, From, To, now), now, isFleet: false, cancellation);
    }
}
