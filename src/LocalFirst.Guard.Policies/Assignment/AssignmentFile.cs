using System.Globalization;
using System.Text;
using LocalFirst.Guard.Policies.Yaml;

namespace LocalFirst.Guard.Policies.Assignment;

/// <summary>Reads assignments. Form: <c>schemas/assignments.schema.json</c>.</summary>
public static class AssignmentFile
{
    /// <summary>Keys of the file.</summary>
    public static readonly IReadOnlyList<string> Keys = ["assignments"];

    /// <summary>Keys of an assignment.</summary>
    public static readonly IReadOnlyList<string> AssignmentKeys = ["id", "policy", "include", "exclude", "priority"];

    /// <summary>Keys of <c>include</c>; <c>exclude</c> has <c>groups</c> alone.</summary>
    public static readonly IReadOnlyList<string> IncludeKeys = ["everyone", "groups"];

    /// <summary>Highest priority.</summary>
    public const int MaxPriority = 1000;

    /// <summary>Most assignments: more than a person can review.</summary>
    public const int MaxAssignments = 500;

    /// <summary>Most groups of one list.</summary>
    private const int MaxGroups = 500;

    private static readonly string[] GroupKeys = ["groups"];
    private static readonly string[] Truths = ["true", "false"];

    /// <summary>Reads a text.</summary>
    /// <param name="yaml">The text.</param>
    /// <param name="source">Its name for messages.</param>
    /// <exception cref="YamlFileException">It says something that is no assignment.</exception>
    public static AssignmentSet Parse(string yaml, string source) => Parse(Encoding.UTF8.GetBytes(yaml), source);

    /// <summary>Reads bytes.</summary>
    /// <param name="yaml">UTF-8.</param>
    /// <param name="source">Their name for messages.</param>
    /// <exception cref="YamlFileException">They say something that is no assignment.</exception>
    public static AssignmentSet Parse(byte[] yaml, string source)
    {
        var map = YamlReader.Parse(yaml, source).AsMap();
        map.AllowOnly(Keys);
        var list = map.Require("assignments").AsList();
        if (list.Items.Count > MaxAssignments)
        {
            throw list.Error($"there are more than {MaxAssignments} assignments.", "Join groups: an assignment takes a list.");
        }

        var assignments = new List<Assignment>();
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var item in list.Items)
        {
            var assignment = Read(item.AsMap());
            if (!lines.TryAdd(assignment.Id, assignment.Line))
            {
                throw item.AsMap().Require("id").Error($"the id '{assignment.Id}' is taken by the assignment on line {lines[assignment.Id]}.", "Give each its own id: it stands in every bundle.");
            }

            assignments.Add(assignment);
        }

        return new AssignmentSet(assignments);
    }

    private static Assignment Read(YamlMap map)
    {
        map.AllowOnly(AssignmentKeys);
        var include = map.Require("include").AsMap();
        include.AllowOnly(IncludeKeys);
        var everyone = include.Find("everyone") is { } node && node.AsScalar().AsOneOf(Truths) == "true";
        var groups = Groups(include.Find("groups"));
        if (!everyone && groups.Count == 0)
        {
            throw include.Error("the assignment includes nobody.", "List groups by their object id, or write 'everyone: true'.");
        }

        var exclude = map.Find("exclude")?.AsMap();
        exclude?.AllowOnly(GroupKeys);
        return new Assignment(
            PolicyFile.Name(map.Require("id").AsScalar()),
            PolicyFile.Name(map.Require("policy").AsScalar()),
            everyone,
            groups,
            Groups(exclude?.Find("groups")),
            Priority(map.Find("priority")),
            map.Place.Line);
    }

    private static int Priority(YamlNode? node)
    {
        if (node is null)
        {
            return 0;
        }

        return int.TryParse(node.AsScalar().Value, NumberStyles.None, CultureInfo.InvariantCulture, out var priority) && priority <= MaxPriority
            ? priority
            : throw node.Error("the priority is not a number from 0 to 1000.", "Higher decides; leave it out for 0.");
    }

    // Entra's object ids are GUIDs; other providers name groups as they like.
    private static List<string> Groups(YamlNode? node)
    {
        if (node is null)
        {
            return [];
        }

        var groups = new List<string>();
        foreach (var scalar in node.AsScalars())
        {
            var text = scalar.AsText(maxLength: 128);
            if (text.Length == 0 || text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)))
            {
                throw scalar.Error("that is no group id.", "Write the group's object id, such as 6f1c…-…; Entra's group page shows it.");
            }

            groups.Add(text);
        }

        return groups.Count <= MaxGroups ? groups : throw node.Error($"there are more than {MaxGroups} groups.", "Make one group that holds them.");
    }
}
