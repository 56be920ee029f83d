using System.Net;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Portal.Access;
using LocalFirst.Guard.Portal.Editing;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace LocalFirst.Guard.Portal.Pages.Fleet;

/// <summary>What the forms for a new and for a changed policy share. Whatever goes wrong, what was typed stays in the form.</summary>
internal abstract class PolicyForm(IFleetStore store, PolicyEditor editor) : PageModel
{
    protected IFleetStore Store => store;

    public string? Name { get; protected set; }

    /// <summary>Version that the text builds on; 0 for a new policy.</summary>
    [BindProperty]
    public long Base { get; set; }

    [BindProperty]
    public string? Text { get; set; }

    [BindProperty]
    public string? Tests { get; set; }

    public EditProblem? Problem { get; private set; }

    /// <summary>Somebody else's version that came meanwhile.</summary>
    public FleetDocument? Newer { get; private set; }

    protected async Task<string> TestsOfAsync(string name, CancellationToken cancellation) =>
        (await store.FindDocumentAsync(FleetDocument.PolicyTestsKind, name, cancellation))?.Text ?? "";

    protected async Task<IActionResult> SaveAsync(string? name, CancellationToken cancellation)
    {
        Name = name;
        Text = TypedText.Normal(Text);
        Tests = TypedText.Normal(Tests);
        var result = await editor.SaveAsync(new PolicyDraft(name, Base, Text, Tests), User.SignInName(), cancellation);
        if (result.Saved is { } saved)
        {
            return Redirect($"/policies/{saved.Name}");
        }

        (Problem, Newer) = (result.Problem, result.Newer);
        if (Newer is not null)
        {
            // Whoever saves again has seen it.
            Base = Newer.Version;
            ModelState.Remove(nameof(Base));
        }

        Response.StatusCode = (int)(Newer is null ? HttpStatusCode.UnprocessableEntity : HttpStatusCode.Conflict);
        return Page();
    }
}
