using System.Net;
using LocalFirst.Guard.Portal.Defences;
using LocalFirst.Guard.Portal.Display;
using LocalFirst.Guard.Portal.SignIn;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace LocalFirst.Guard.Portal.Pages;

/// <summary>Ends the session, by POST alone.</summary>
internal sealed class SignOutModel(SignInDesk desk) : PageModel
{
#pragma warning disable CA1822 // Razor Pages finds handlers among instance methods only.
    public IActionResult OnGet() => StatusCode((int)HttpStatusCode.MethodNotAllowed);
#pragma warning restore CA1822

    public async Task<IActionResult> OnPostAsync()
    {
        var session = RequestGate.SessionOf(HttpContext)!;
        desk.SignOut(session.HostId);
        Response.Cookies.Delete(session.CookieName);
        await ErrorPage.Write(HttpContext, HttpStatusCode.OK, "Signed out", "Run 'guard portal' in a terminal for a fresh link.");
        return new EmptyResult();
    }
}
