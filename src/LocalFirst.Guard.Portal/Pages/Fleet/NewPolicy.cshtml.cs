using System.Text.RegularExpressions;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Portal.Access;
using LocalFirst.Guard.Portal.Editing;
using Microsoft.AspNetCore.Mvc;

namespace LocalFirst.Guard.Portal.Pages.Fleet;

/// <summary>Makes a policy, of nothing or of a copy.</summary>
[LetsIn(FleetRoles.PolicyWrite)]
[LongestForm(TypedText.MaxFormBytes)]
internal sealed partial class NewPolicyModel(IFleetStore store, PolicyEditor editor) : PolicyForm(store, editor)
{
    private const string Beginning =
        """
        name: our-policy
        version: "1"
        rules:
          - id: secrets-stay
            when: {detector: secrets, tier: 1..3}
            then: local
            reason: A credential was found.

        """;

    public async Task<IActionResult> OnGetAsync([FromQuery] string? from, CancellationToken cancellation)
    {
        Text = Beginning;
        if (from is null)
        {
            return Page();
        }

        var stored = await Store.FindDocumentAsync(FleetDocument.PolicyKind, from, cancellation);
        if (stored is null && !PolicyFile.BuiltInNames.Contains(from, StringComparer.Ordinal))
        {
            return NotFound();
        }

        Text = NameLine().Replace(stored?.Text ?? PolicyFile.BuiltInText(from), $"name: {from}-copy", 1);
        Tests = await TestsOfAsync(from, cancellation);
        return Page();
    }

    public Task<IActionResult> OnPostAsync(CancellationToken cancellation) => SaveAsync(null, cancellation);

    [GeneratedRegex("^name:.*$", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex NameLine();
}
