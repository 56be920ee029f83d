using FsCheck;
using FsCheck.Fluent;
using LocalFirst.Guard.Policies;
using Xunit;

namespace LocalFirst.Guard.Tests.Policies;

public sealed class PolicyPropertyTests
{
    private static readonly int Count = Environment.GetEnvironmentVariable("GUARD_TESTS") == "long" ? 1_000_000 : 10_000;

    [Fact]
    public void No_policy_lets_go_what_could_not_be_read_or_inspected() => ForAll((policy, facts) =>
    {
        var action = PolicyEvaluator.Evaluate(policy, facts).Action;
        return facts.State switch
        {
            "complete" or "partial" => true,
            "uninspectable" => action >= PolicyAction.Local,
            _ => action == PolicyAction.Block,
        };
    });

    [Fact]
    public void No_verdict_asks_for_what_this_version_cannot_do() => ForAll((policy, facts) =>
        PolicyEvaluator.Evaluate(policy, facts).Action switch
        {
            PolicyAction.Redact => false,
            PolicyAction.Local => facts.LocalAvailable,
            _ => true,
        });

    [Fact]
    public void The_order_of_rules_and_findings_changes_nothing() => ForAll((policy, facts) =>
        Same(
            PolicyEvaluator.Evaluate(policy, facts),
            PolicyEvaluator.Evaluate(policy with { Rules = [.. policy.Rules.Reverse()] }, facts with { Findings = [.. facts.Findings.Reverse()] })));

    [Fact]
    public void The_same_facts_give_the_same_verdict() => ForAll((policy, facts) =>
        Same(PolicyEvaluator.Evaluate(policy, facts), PolicyEvaluator.Evaluate(policy, facts with { })));

    [Fact]
    public void The_verdict_is_the_strictest_of_its_reasons_and_they_come_strictest_first() => ForAll((policy, facts) =>
    {
        var verdict = PolicyEvaluator.Evaluate(policy, facts);
        return verdict.Reasons.Count > 0
            && verdict.Action == verdict.Reasons[0].Action
            && verdict.Reasons.Zip(verdict.Reasons.Skip(1)).All(p => p.First.Action >= p.Second.Action);
    });

    [Fact]
    public void A_further_finding_never_loosens_a_verdict()
    {
        var cases =
            from policy in SomePolicy.AnyPolicy
            from facts in SomePolicy.AnyFacts
            from finding in SomePolicy.AnyFinding
            select (policy, facts, finding);
        Check(cases, c =>
            PolicyEvaluator.Evaluate(c.policy, c.facts with { Findings = [.. c.facts.Findings, c.finding] }).Action
            >= PolicyEvaluator.Evaluate(c.policy, c.facts).Action);
    }

    [Fact]
    public void A_further_rule_never_loosens_a_verdict() => ForAll((policy, facts) =>
        policy.Rules.Count == 0
        || PolicyEvaluator.Evaluate(policy, facts).Action
            >= PolicyEvaluator.Evaluate(policy with { Rules = [.. policy.Rules.Skip(1)] }, facts).Action);

    private static bool Same(Verdict a, Verdict b) => a.Action == b.Action && a.Reasons.SequenceEqual(b.Reasons);

    private static void ForAll(Func<Policy, PolicyFacts, bool> holds) =>
        Check(
            from policy in SomePolicy.AnyPolicy
            from facts in SomePolicy.AnyFacts
            select (policy, facts),
            c => holds(c.policy, c.facts));

    private static void Check<T>(Gen<T> cases, Func<T, bool> holds)
    {
        var ran = 0;
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            ran++;
            return holds(c);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(Count));
        Assert.True(ran >= Count);
    }
}
