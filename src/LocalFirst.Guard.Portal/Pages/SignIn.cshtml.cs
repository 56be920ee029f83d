using LocalFirst.Guard.Portal.Defences;
using LocalFirst.Guard.Portal.SignIn;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace LocalFirst.Guard.Portal.Pages;

/// <summary>Exchanges a link's token for a session, by POST alone: looking at the page changes nothing.</summary>
internal sealed class SignInModel(SignInDesk desk) : PageModel
{
    public bool LinkWaits { get; private set; }

    public string? Failure { get; private set; }

    public IActionResult OnGet()
    {
        if (RequestGate.SessionOf(HttpContext) is not null)
        {
            return Redirect("/");
        }

        LinkWaits = desk.StateOf(RequestGate.HostIdOf(HttpContext)) == HostState.LinkWaits;
        Response.StatusCode = LinkWaits ? StatusCodes.Status200OK : StatusCodes.Status401Unauthorized;
        return Page();
    }

    public IActionResult OnPost([FromForm] string? token)
    {
        var hostId = RequestGate.HostIdOf(HttpContext);
        if (desk.Exchange(hostId, (token ?? "").Trim().TrimStart('#')) is not { } made)
        {
            LinkWaits = desk.StateOf(hostId) == HostState.LinkWaits;
            Failure = LinkWaits ? "That is not the code of this link." : null;
            Response.StatusCode = StatusCodes.Status401Unauthorized;
            return Page();
        }

        // Without Secure: this is http on loopback, where browsers differ in taking Secure cookies. Without Domain: this very host alone.
        Response.Cookies.Append(made.Session.CookieName, made.Secret, new CookieOptions
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Strict,
            Path = "/",
            IsEssential = true,
        });
        return RedirectToPage("/Index");
    }
}
