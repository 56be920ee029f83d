using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Policies.Assignment;
using LocalFirst.Guard.Policies.Yaml;
using LocalFirst.Guard.Portal.Access;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace LocalFirst.Guard.Portal.Pages.Fleet;

/// <summary>Every policy that can be assigned, and how often it is.</summary>
[LetsIn(FleetRoles.AuditRead, FleetRoles.PolicyWrite)]
internal sealed class PoliciesModel(IFleetStore store, IAssignmentSource assignments) : PageModel
{
    public IReadOnlyList<PolicyView> Policies { get; private set; } = [];

    public async Task OnGetAsync(CancellationToken cancellation)
    {
        var stored = (await store.ListDocumentsAsync(FleetDocument.PolicyKind, cancellation)).ToDictionary(d => d.Name, StringComparer.Ordinal);
        var library = new PolicyLibrary(stored.ToDictionary(d => d.Key, d => d.Value.Text, StringComparer.Ordinal));
        var uses = (await assignments.ReadAsync(cancellation)).Set.Assignments.ToLookup(a => a.Policy, StringComparer.Ordinal);
        Policies = [.. library.Names.Select(n => new PolicyView(
            n, stored.GetValueOrDefault(n), stored.ContainsKey(n) && PolicyFile.BuiltInNames.Contains(n, StringComparer.Ordinal), RulesOf(library, n), uses[n].Count()))];
    }

    private static int? RulesOf(PolicyLibrary library, string name)
    {
        try
        {
            return library.Join([name]).Rules.Count;
        }
        catch (YamlFileException)
        {
            return null;
        }
    }

    /// <summary>A row.</summary>
    /// <param name="Name">Name.</param>
    /// <param name="Document">The newest version; null for a built-in policy.</param>
    /// <param name="Shadows">Whether it takes the place of a built-in one.</param>
    /// <param name="Rules">Number of rules; null when this version of guard cannot read it.</param>
    /// <param name="Uses">Number of assignments.</param>
    internal sealed record PolicyView(string Name, FleetDocument? Document, bool Shadows, int? Rules, int Uses);
}
