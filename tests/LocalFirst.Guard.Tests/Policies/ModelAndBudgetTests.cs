using System.Text;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Policies.Assignment;
using LocalFirst.Guard.Policies.Testing;
using LocalFirst.Guard.Policies.Yaml;
using Xunit;

namespace LocalFirst.Guard.Tests.Policies;

public sealed class ModelAndBudgetTests
{
    private const string Head = "name: p\nversion: \"1\"\nbudget: {monthlyUsd: 25.5}\nrules:\n";

    [Fact]
    public void A_rule_names_a_model_and_a_policy_a_budget()
    {
        var policy = PolicyFile.Parse(Head + "  - {id: premium, when: {phase: planning}, then: allow, model: claude-opus-4-8, reason: r}\n", "p.yaml");
        Assert.Equal(25.5m, policy.MonthlyBudgetUsd);
        Assert.Equal("claude-opus-4-8", Assert.Single(policy.Rules).Model);
        var verdict = PolicyEvaluator.Evaluate(policy, SomePolicy.Facts() with { Phase = "planning" });
        Assert.Equal(("claude-opus-4-8", (decimal?)25.5m), (verdict.Model, verdict.MonthlyBudgetUsd));
        Assert.Null(PolicyEvaluator.Evaluate(policy, SomePolicy.Facts() with { Phase = "execution" }).Model);
    }

    [Theory]
    [InlineData(Head + "  - {id: a, when: {tier: 1}, then: local, model: m, reason: r}\n", "p.yaml:5:", "Write 'then: allow'")]
    [InlineData(Head + "  - {id: a, when: {tier: 1}, then: allow, model: \"two words\", reason: r}\n", "p.yaml:5:", "not a model name")]
    [InlineData("name: p\nversion: \"1\"\nbudget: 5\nrules: []\n", "p.yaml:3:9", "a mapping is expected")]
    [InlineData("name: p\nversion: \"1\"\nbudget: {monthlyUsd: -1}\nrules: []\n", "p.yaml:3:22", "from 0 to 1000000")]
    [InlineData("name: p\nversion: \"1\"\nbudget: {monthly: 1}\nrules: []\n", "p.yaml:3:10", "monthlyUsd")]
    public void What_is_no_model_or_budget_is_refused_with_its_place(string yaml, string place, string expected)
    {
        var error = Assert.Throws<YamlFileException>(() => PolicyFile.Parse(yaml, "p.yaml"));
        Assert.Contains(place, error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_joined_policies_the_smallest_budget_holds()
    {
        var (a, b, none) = (Budget("a", 10), Budget("b", 3), Budget("c", null));
        Assert.Equal(3, JoinedPolicy.Of([a, none, b]).MonthlyBudgetUsd);
        Assert.Equal(10, JoinedPolicy.Of([none, a]).MonthlyBudgetUsd);
        Assert.Null(JoinedPolicy.Of([none, Budget("d", null)]).MonthlyBudgetUsd);
    }

    [Fact]
    public void Of_several_models_the_first_rule_by_id_counts_whatever_the_files_order()
    {
        PolicyRule[] rules = [Named("b", "second"), Named("a", "first")];
        Assert.Equal("first", PolicyEvaluator.Evaluate(SomePolicy.Of(rules), SomePolicy.Facts()).Model);
        Assert.Equal("first", PolicyEvaluator.Evaluate(SomePolicy.Of([.. rules.Reverse()]), SomePolicy.Facts()).Model);
    }

    [Fact]
    public void A_budget_obstacle_means_nothing_without_a_budget_and_is_no_reason_beside_a_stricter_one()
    {
        var spent = new BudgetObstacle(PolicyEvaluator.BudgetSpentRule, "spent");
        Assert.Equal(PolicyAction.Allow, PolicyEvaluator.Evaluate(SomePolicy.Of(), SomePolicy.Facts() with { Budget = spent }).Action);
        var policy = SomePolicy.Of(SomePolicy.Rule("stay", PolicyAction.Local, new PolicyCondition { Providers = ["*"] })) with { MonthlyBudgetUsd = 1 };
        Assert.Equal(["stay"], PolicyEvaluator.Evaluate(policy, SomePolicy.Facts() with { Budget = spent }).Reasons.Select(r => r.RuleId));
    }

    [Fact]
    public void Examples_of_a_policy_can_expect_a_model_and_a_spent_budget()
    {
        var policy = PolicyFile.Parse(Head + "  - {id: premium, when: {phase: planning}, then: allow, model: claude-opus-4-8, reason: r}\n", "p.yaml");
        var cases = PolicyTestFile.Parse(
            Encoding.UTF8.GetBytes("""
                tests:
                  - name: A plan gets the best model
                    facts: {phase: planning}
                    expect: {action: allow, model: claude-opus-4-8}
                  - name: Another phase does not
                    facts: {phase: execution}
                    expect: {action: allow, model: claude-opus-4-8}
                  - name: A spent budget stays here
                    facts: {budgetSpent: true}
                    expect: {action: local, rule: "built-in:budget-spent"}
                """),
            "p.tests.yaml");
        var results = new PolicyTestFile("p.tests.yaml", policy, cases).Run();
        Assert.Equal([null, "expected the model claude-opus-4-8, got the requested one", null], results.Select(r => r.Failure));
    }

    private static Policy Budget(string name, decimal? usd) => SomePolicy.Of() with { Name = name, MonthlyBudgetUsd = usd };

    private static PolicyRule Named(string id, string model) => SomePolicy.Rule(id, PolicyAction.Allow, new PolicyCondition { Providers = ["*"] }) with { Model = model };
}
