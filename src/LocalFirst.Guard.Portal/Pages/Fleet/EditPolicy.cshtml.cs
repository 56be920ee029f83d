using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Portal.Access;
using LocalFirst.Guard.Portal.Editing;
using Microsoft.AspNetCore.Mvc;

namespace LocalFirst.Guard.Portal.Pages.Fleet;

/// <summary>Changes a policy of the fleet.</summary>
[LetsIn(FleetRoles.PolicyWrite)]
[LongestForm(TypedText.MaxFormBytes)]
internal sealed class EditPolicyModel(IFleetStore store, PolicyEditor editor) : PolicyForm(store, editor)
{
    public async Task<IActionResult> OnGetAsync(string name, CancellationToken cancellation)
    {
        if (await Store.FindDocumentAsync(FleetDocument.PolicyKind, name, cancellation) is not { } newest)
        {
            return NotFound();
        }

        (Name, Base, Text) = (name, newest.Version, newest.Text);
        Tests = await TestsOfAsync(name, cancellation);
        return Page();
    }

    public async Task<IActionResult> OnPostAsync(string name, CancellationToken cancellation)
    {
        if (await Store.FindDocumentAsync(FleetDocument.PolicyKind, name, cancellation) is null)
        {
            return NotFound();
        }

        return await SaveAsync(name, cancellation);
    }
}
