using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Policies.Assignment;
using LocalFirst.Guard.Policies.Yaml;
using LocalFirst.Guard.Portal.Access;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace LocalFirst.Guard.Portal.Pages.Fleet;

/// <summary>One policy: its text, what that says, and who wrote which version.</summary>
[LetsIn(FleetRoles.AuditRead, FleetRoles.PolicyWrite)]
internal sealed class PolicyModel(IFleetStore store, IAssignmentSource assignments) : PageModel
{
    /// <summary>An earlier version; null for the newest.</summary>
    [BindProperty(SupportsGet = true)]
    public long? Version { get; set; }

    public string Name { get; private set; } = "";

    /// <summary>The version that is shown; null for a built-in policy.</summary>
    public FleetDocument? Shown { get; private set; }

    public bool IsNewest { get; private set; }

    public string Text { get; private set; } = "";

    public string Tests { get; private set; } = "";

    /// <summary>The policy; null when this version of guard cannot read it.</summary>
    public Policy? Policy { get; private set; }

    /// <summary>Why it cannot be read.</summary>
    public string? Problem { get; private set; }

    public IReadOnlyList<FleetDocument> History { get; private set; } = [];

    public IReadOnlyList<Assignment> Uses { get; private set; } = [];

    public async Task<IActionResult> OnGetAsync(string name, CancellationToken cancellation)
    {
        History = await store.ReadHistoryAsync(FleetDocument.PolicyKind, name, cancellation);
        Shown = History.FirstOrDefault(d => Version is null || d.Version == Version);
        if (Shown is null && (Version is not null || !PolicyFile.BuiltInNames.Contains(name, StringComparer.Ordinal)))
        {
            return NotFound();
        }

        Name = name;
        IsNewest = Shown is null || Shown.Version == History[0].Version;
        Text = Shown?.Text ?? PolicyFile.BuiltInText(name);
        Tests = (await store.FindDocumentAsync(FleetDocument.PolicyTestsKind, name, cancellation))?.Text ?? "";
        Uses = [.. (await assignments.ReadAsync(cancellation)).Set.Assignments.Where(a => a.Policy == name)];
        try
        {
            Policy = PolicyFile.Parse(Text, $"{name}.yaml");
        }
        catch (YamlFileException e)
        {
            Problem = e.Message;
        }

        return Page();
    }
}
