using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Policies.Assignment;
using LocalFirst.Guard.Policies.Yaml;
using LocalFirst.Guard.Portal.Access;
using LocalFirst.Guard.Portal.Editing;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace LocalFirst.Guard.Portal.Pages.Fleet;

/// <summary>Says why a person has a policy, or what one of some groups would have.</summary>
[LetsIn(FleetRoles.AuditRead, FleetRoles.PolicyWrite)]
internal sealed class ExplainModel(IFleetStore store, IAssignmentSource source, AssignmentEditor editor) : PageModel
{
    /// <summary>Longest list of groups that is taken, in characters: 200 groups, the most that a token can hold.</summary>
    private const int LongestGroups = 8000;

    private static readonly char[] Separators = [' ', ',', ';', '\t', '\r', '\n'];

    [BindProperty(SupportsGet = true)]
    public string? Person { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? Groups { get; set; }

    /// <summary>The person; null for made-up groups.</summary>
    public FleetPerson? Known { get; private set; }

    public IReadOnlyList<string> OwnGroups { get; private set; } = [];

    /// <summary>What came out; null before anything was asked.</summary>
    public AssignedPolicies? Assigned { get; private set; }

    /// <summary>Ids of the assignments that do not include the person at all.</summary>
    public IReadOnlyList<string> Others { get; private set; } = [];

    public IReadOnlyList<(FleetDevice Device, BundleState Bundle)> Devices { get; private set; } = [];

    /// <summary>All rules together; null when they cannot be had.</summary>
    public Policy? Policy { get; private set; }

    /// <summary>Why they cannot be had.</summary>
    public string? Problem { get; private set; }

    public async Task<IActionResult> OnGetAsync(CancellationToken cancellation)
    {
        if (!string.IsNullOrEmpty(Person))
        {
            if (await store.FindPersonAsync(Person, cancellation) is not { } known)
            {
                return NotFound();
            }

            var bundles = await store.NewestBundlesAsync(cancellation);
            Known = known;
            OwnGroups = known.Groups;
            Devices = [.. (await store.ListDevicesAsync(cancellation)).Where(d => d.PersonId == known.ObjectId).Select(d => (d, BundleState.Of(d, bundles)))];
        }
        else if (!Request.Query.ContainsKey("groups"))
        {
            return Page();
        }
        else if (Groups?.Length > LongestGroups)
        {
            return BadRequest();
        }
        else
        {
            OwnGroups = (Groups ?? "").Split(Separators, StringSplitOptions.RemoveEmptyEntries);
        }

        var set = (await source.ReadAsync(cancellation)).Set;
        Assigned = PolicyAssignment.Resolve(set, OwnGroups);
        Others = [.. set.Assignments.Where(a => !a.Everyone && !a.IncludeGroups.Any(g => OwnGroups.Contains(g, StringComparer.OrdinalIgnoreCase))).Select(a => a.Id).Order(StringComparer.Ordinal)];
        try
        {
            Policy = (await editor.LibraryAsync(cancellation)).Join(Assigned.Policies);
        }
        catch (Exception e) when (e is PolicyException or YamlFileException)
        {
            Problem = $"Devices cannot be given this policy: {e.Message}";
        }

        return Page();
    }
}
