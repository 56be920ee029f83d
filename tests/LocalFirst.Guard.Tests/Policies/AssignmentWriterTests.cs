using FsCheck.Xunit;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Policies.Assignment;
using LocalFirst.Guard.Policies.Yaml;
using Xunit;

namespace LocalFirst.Guard.Tests.Policies;

public sealed class AssignmentWriterTests
{
    [Property]
    public void What_is_written_is_read_back_the_same(ushort seed)
    {
        var random = new Random(seed);
        string[] strange = ["g", "6f1c0000-0000-4000-8000-000000000001", "a\"b", "a\\b", "{x}", "[y]", "#z", "é", "yes", "1", "<b>", "'", "a:b", "-", "&a", "*a"];
        string[] Pick(int least) => [.. Enumerable.Range(0, least + random.Next(4)).Select(_ => strange[random.Next(strange.Length)])];
        var typed = Enumerable.Range(0, random.Next(5))
            .Select(i => new TypedAssignment($"a{i}", "default", random.Next(2) == 0, Pick(1), Pick(0), random.Next(1001).ToString(System.Globalization.CultureInfo.InvariantCulture)))
            .ToList();

        var read = AssignmentFile.Parse(AssignmentWriter.Write(typed), "written").Assignments.Select(AssignmentWriter.Typed).ToList();

        Assert.Equal(typed.Count, read.Count);
        foreach (var (expected, actual) in typed.Zip(read))
        {
            Assert.Equal(expected.Id, actual.Id);
            Assert.Equal(expected.Everyone, actual.Everyone);
            Assert.Equal(expected.IncludeGroups, actual.IncludeGroups);
            Assert.Equal(expected.ExcludeGroups, actual.ExcludeGroups);
            Assert.Equal(expected.Priority, actual.Priority);
        }
    }

    [Theory]
    [InlineData("x\n    policy: strict", "default", "g", "1")]
    [InlineData("x", "default\n  - id: y", "g", "1")]
    [InlineData("x", "default", "g]}\n  - {id: y", "1")]
    [InlineData("x", "default", "g", "1\n  - id: y")]
    public void What_was_typed_never_becomes_more_than_one_value(string id, string policy, string group, string priority) =>
        Assert.Throws<YamlFileException>(() => AssignmentFile.Parse(AssignmentWriter.Write([new TypedAssignment(id, policy, false, [group], [], priority)]), "written"));

    [Fact]
    public void An_assignment_of_an_unknown_policy_is_refused_with_its_line()
    {
        var library = new PolicyLibrary(new Dictionary<string, string> { ["ours"] = "name: ours\nversion: \"1\"\nrules: []\n" });
        library.Check(AssignmentFile.Parse("assignments: [{id: a, policy: ours, include: {everyone: true}}, {id: b, policy: strict, include: {everyone: true}}]", "f"), "f");

        var error = Assert.Throws<YamlFileException>(() => library.Check(AssignmentFile.Parse("assignments:\n  - {id: a, policy: ours, include: {everyone: true}}\n  - {id: b, policy: theirs, include: {everyone: true}}\n", "f"), "f"));

        Assert.Equal(3, error.Place.Line);
        Assert.Contains(string.Join(", ", library.Names), error.Next, StringComparison.Ordinal);
    }

    [Fact]
    public void A_policy_of_the_fleet_comes_before_a_built_in_one_of_its_name()
    {
        var library = new PolicyLibrary(new Dictionary<string, string> { ["strict"] = "name: strict\nversion: \"ours\"\nrules: []\n" });

        Assert.Equal("ours", library.Join(["strict"]).Version);
        Assert.Equal(PolicyFile.BuiltIn("default").Hash, library.Join(["default"]).Hash);
    }
}
