using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace LocalFirst.Guard.Policies.Assignment;

/// <summary>One assignment as somebody typed it into a form: nothing of it is checked.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Policy">Name of the policy.</param>
/// <param name="Everyone">Whether it includes everybody.</param>
/// <param name="IncludeGroups">Groups it includes.</param>
/// <param name="ExcludeGroups">Groups it leaves out.</param>
/// <param name="Priority">The priority as typed; empty for none.</param>
public sealed record TypedAssignment(string Id, string Policy, bool Everyone, IReadOnlyList<string> IncludeGroups, IReadOnlyList<string> ExcludeGroups, string Priority);

/// <summary>Writes the text of assignments, for <see cref="AssignmentFile"/> to check: one reader decides what is right, wherever it was typed.</summary>
public static class AssignmentWriter
{
    // The text is for people; the portal encodes what it shows.
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The text.</summary>
    /// <param name="assignments">The assignments, in the order of the text.</param>
    public static string Write(IEnumerable<TypedAssignment> assignments)
    {
        ArgumentNullException.ThrowIfNull(assignments);
        var items = new StringBuilder();
        foreach (var a in assignments)
        {
            items.Append("  - id: ").Append(Quoted(a.Id)).Append('\n');
            items.Append("    policy: ").Append(Quoted(a.Policy)).Append('\n');
            items.Append("    include: {");
            items.AppendJoin(", ", Parts(a)).Append("}\n");
            if (a.ExcludeGroups.Count > 0)
            {
                items.Append("    exclude: {groups: [").AppendJoin(", ", a.ExcludeGroups.Select(Quoted)).Append("]}\n");
            }

            if (a.Priority.Length > 0 && a.Priority != "0")
            {
                items.Append("    priority: ").Append(a.Priority.All(char.IsAsciiDigit) ? a.Priority : Quoted(a.Priority)).Append('\n');
            }
        }

        return items.Length == 0 ? "assignments: []\n" : $"assignments:\n{items}";
    }

    /// <summary>An assignment as it would be typed.</summary>
    /// <param name="assignment">The assignment.</param>
    public static TypedAssignment Typed(Assignment assignment)
    {
        ArgumentNullException.ThrowIfNull(assignment);
        return new TypedAssignment(
            assignment.Id, assignment.Policy, assignment.Everyone, assignment.IncludeGroups, assignment.ExcludeGroups, assignment.Priority.ToString(CultureInfo.InvariantCulture));
    }

    private static IEnumerable<string> Parts(TypedAssignment assignment)
    {
        if (assignment.Everyone)
        {
            yield return "everyone: true";
        }

        if (assignment.IncludeGroups.Count > 0)
        {
            yield return $"groups: [{string.Join(", ", assignment.IncludeGroups.Select(Quoted))}]";
        }
    }

    // YAML's double-quoted scalars take every escape of a JSON string (YAML 1.2.2 §5.7), so whatever was typed stays one value.
    private static string Quoted(string text) => JsonSerializer.Serialize(text, Readable);
}
