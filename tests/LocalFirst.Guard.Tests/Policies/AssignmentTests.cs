using FsCheck.Xunit;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Policies.Assignment;
using LocalFirst.Guard.Policies.Yaml;
using Xunit;

namespace LocalFirst.Guard.Tests.Policies;

public sealed class AssignmentTests
{
    [Fact]
    public void Whoever_no_assignment_includes_has_the_default_policy()
    {
        var assigned = PolicyAssignment.Resolve(Set("- {id: a, policy: strict, include: {groups: [finance]}}"), ["engineering"]);

        Assert.Equal(["default"], assigned.Policies);
        Assert.Contains("No assignment includes this person", assigned.Explanation[0], StringComparison.Ordinal);
    }

    [Fact]
    public void A_group_brings_its_policy_and_the_explanation_names_it()
    {
        var assigned = PolicyAssignment.Resolve(Set("- {id: a, policy: strict, include: {groups: [finance, legal]}}"), ["LEGAL"]);

        Assert.Equal(["strict"], assigned.Policies);
        Assert.Equal(["a"], assigned.AssignmentIds);
        Assert.Contains("through the group legal", assigned.Explanation[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Exclusion_wins_over_inclusion()
    {
        var assigned = PolicyAssignment.Resolve(Set("- {id: a, policy: strict, include: {everyone: true}, exclude: {groups: [research]}}"), ["research"]);

        Assert.Equal(["default"], assigned.Policies);
        Assert.Contains(assigned.Explanation, e => e.Contains("excludes the group research", StringComparison.Ordinal));
    }

    [Fact]
    public void The_highest_priority_decides_and_the_others_are_named()
    {
        var assigned = PolicyAssignment.Resolve(Set("- {id: low, policy: strict, include: {everyone: true}}\n  - {id: high, policy: default, include: {groups: [g]}, priority: 5}"), ["g"]);

        Assert.Equal(["default"], assigned.Policies);
        Assert.Contains(assigned.Explanation, e => e.StartsWith("low would assign", StringComparison.Ordinal));
    }

    [Fact]
    public void Equal_priorities_are_joined_and_the_strictest_rule_wins()
    {
        var joined = JoinedPolicy.Of([PolicyFile.BuiltIn("default"), PolicyFile.BuiltIn("strict")]);
        var facts = new PolicyFacts { State = "partial", Provider = "openai", Findings = [], LocalAvailable = true };

        Assert.Equal(PolicyAction.Allow, PolicyEvaluator.Evaluate(PolicyFile.BuiltIn("default"), facts).Action);
        Assert.Equal(PolicyEvaluator.Evaluate(PolicyFile.BuiltIn("strict"), facts).Action, PolicyEvaluator.Evaluate(joined, facts).Action);
        Assert.Equal(joined.Rules.Count, joined.Rules.Select(r => r.Id).Distinct().Count());
    }

    [Theory]
    [InlineData("assignments: [{id: a, policy: p, include: {}}]", "includes nobody")]
    [InlineData("assignments: [{id: a, policy: p, include: {everyone: true}}, {id: a, policy: p, include: {everyone: true}}]", "is taken")]
    [InlineData("assignments: [{id: a, policy: p, include: {everyone: true}, priority: -1}]", "priority")]
    [InlineData("assignments: [{id: a, policy: p, include: {groups: [\"a b\"]}}]", "no group id")]
    [InlineData("assignments: [{id: a, policy: p, includes: {everyone: true}}]", "includes")]
    public void What_is_no_assignment_is_refused_with_its_place(string yaml, string expected)
    {
        var error = Assert.Throws<YamlFileException>(() => AssignmentFile.Parse(yaml, "assignments.yaml"));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("assignments.yaml", error.Message, StringComparison.Ordinal);
    }

    [Property]
    public void Order_never_matters_and_an_exclusion_is_never_outvoted(ushort seed)
    {
        var random = new Random(seed);
        string[] groups = ["g1", "g2", "g3"];
        string[] Pick() => [.. groups.Where(_ => random.Next(2) == 0)];
        var all = Enumerable.Range(0, 5).Select(i => new Assignment($"a{i}", random.Next(2) == 0 ? "default" : "strict", random.Next(3) == 0, Pick(), Pick(), random.Next(3), i)).ToList();
        var own = Pick();

        var forward = PolicyAssignment.Resolve(new AssignmentSet(all), own);
        var backward = PolicyAssignment.Resolve(new AssignmentSet([.. all.AsEnumerable().Reverse()]), own);

        Assert.Equal(forward.Policies, backward.Policies);
        Assert.Equal(forward.Explanation, backward.Explanation);
        Assert.DoesNotContain(forward.AssignmentIds, id => all.Single(a => a.Id == id).ExcludeGroups.Any(own.Contains));
    }

    private static AssignmentSet Set(string items) => AssignmentFile.Parse($"assignments:\n  {items}\n", "assignments.yaml");
}
