using LocalFirst.Guard.Policies.Yaml;

namespace LocalFirst.Guard.Policies.Assignment;

/// <summary>Every policy that an assignment may name: those of the fleet, and the built-in ones where the fleet has none of that name.</summary>
/// <param name="stored">Texts of the fleet's own policies, by name.</param>
public sealed class PolicyLibrary(IReadOnlyDictionary<string, string> stored)
{
    /// <summary>All names, in ordinal order.</summary>
    public IReadOnlyList<string> Names { get; } = [.. stored.Keys.Union(PolicyFile.BuiltInNames, StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>Whether there is a policy of that name.</summary>
    /// <param name="name">The name.</param>
    public bool Has(string name) => stored.ContainsKey(name) || PolicyFile.BuiltInNames.Contains(name, StringComparer.Ordinal);

    /// <summary>The text of a policy.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="PolicyException">There is none of that name.</exception>
    public string TextOf(string name) => stored.TryGetValue(name, out var text) ? text : PolicyFile.BuiltInText(name);

    /// <summary>The one policy that several make together.</summary>
    /// <param name="names">At least one name.</param>
    /// <exception cref="PolicyException">There is none of one of the names.</exception>
    /// <exception cref="YamlFileException">One of them is no policy.</exception>
    public Policy Join(IReadOnlyList<string> names) => JoinedPolicy.Of([.. names.Select(n => PolicyFile.Parse(TextOf(n), $"{n}.yaml"))]);

    /// <summary>Refuses assignments of policies that do not exist: a device would be left with none.</summary>
    /// <param name="set">The assignments.</param>
    /// <param name="source">Name of their file for messages.</param>
    /// <exception cref="YamlFileException">One names a policy that does not exist.</exception>
    public void Check(AssignmentSet set, string source)
    {
        ArgumentNullException.ThrowIfNull(set);
        for (var i = 0; i < set.Assignments.Count; i++)
        {
            var assignment = set.Assignments[i];
            if (!Has(assignment.Policy))
            {
                throw new YamlFileException(
                    new YamlPlace(source, assignment.Line, 1, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"assignments[{i}].policy")),
                    $"the assignment '{assignment.Id}' names the policy '{assignment.Policy}', which does not exist.",
                    $"There are: {string.Join(", ", Names)}. Make the policy first, then assign it.");
            }
        }
    }
}
