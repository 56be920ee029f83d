using LocalFirst.Guard.Policies;
using Xunit;

namespace LocalFirst.Guard.Tests.Policies;

public sealed class PolicyEvaluatorTests
{
    [Fact]
    public void A_clean_request_says_so()
    {
        var verdict = PolicyEvaluator.Evaluate(SomePolicy.Of(), SomePolicy.Facts());
        Assert.Equal(PolicyAction.Allow, verdict.Action);
        Assert.Equal(PolicyEvaluator.CleanRule, Assert.Single(verdict.Reasons).RuleId);
    }

    [Fact]
    public void Redaction_is_kept_local_and_the_reason_says_so()
    {
        var policy = SomePolicy.Of(SomePolicy.Rule("hide", PolicyAction.Redact, new PolicyCondition { Types = ["*"] }));
        var verdict = PolicyEvaluator.Evaluate(policy, SomePolicy.Facts("complete", SomePolicy.Secret()));
        Assert.Equal(PolicyAction.Local, verdict.Action);
        Assert.Contains("redaction", verdict.Reasons[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_local_model_the_refusal_names_the_mend_first_and_keeps_the_reason()
    {
        var policy = SomePolicy.Of(SomePolicy.Rule("stay", PolicyAction.Local, new PolicyCondition { Detectors = ["secrets"] }));
        var verdict = PolicyEvaluator.Evaluate(policy, SomePolicy.Facts("complete", SomePolicy.Secret()) with
        {
            LocalAvailable = false,
            LocalUnavailableReason = "the natives are missing. Install npm and build again.",
        });
        Assert.Equal(PolicyAction.Block, verdict.Action);
        Assert.Equal([PolicyEvaluator.NoLocalModelRule, "stay"], verdict.Reasons.Select(r => r.RuleId));
        Assert.Contains("Install npm", verdict.Reasons[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_blocked_request_does_not_blame_the_missing_model()
    {
        var policy = SomePolicy.Of(SomePolicy.Rule("no", PolicyAction.Block, new PolicyCondition { Detectors = ["secrets"] }));
        var verdict = PolicyEvaluator.Evaluate(policy, SomePolicy.Facts("complete", SomePolicy.Secret()) with { LocalAvailable = false });
        Assert.Equal("no", Assert.Single(verdict.Reasons).RuleId);
    }

    [Fact]
    public void All_fields_about_findings_are_asked_of_one_finding()
    {
        var policy = SomePolicy.Of(SomePolicy.Rule("both", PolicyAction.Block, new PolicyCondition { Detectors = ["secrets"], Tiers = [1] }));
        var verdict = PolicyEvaluator.Evaluate(policy, SomePolicy.Facts("complete", SomePolicy.Secret(tier: 3), new FindingFact("pii", "email", "EMAIL_ADDRESS", 1, 1, "/system")));
        Assert.Equal(PolicyAction.Allow, verdict.Action);
    }

    [Fact]
    public void Each_place_is_named_once()
    {
        var policy = SomePolicy.Of(SomePolicy.Rule("stay", PolicyAction.Local, new PolicyCondition { Types = ["*"] }));
        var verdict = PolicyEvaluator.Evaluate(policy, SomePolicy.Facts("complete", SomePolicy.Secret(), SomePolicy.Secret(), SomePolicy.Secret() with { Place = "/system" }));
        Assert.Equal(["/messages/0", "/system"], verdict.Reasons.Select(r => r.Place));
    }

    [Theory]
    [InlineData(null, "unknown", true)]
    [InlineData(null, "*", true)]
    [InlineData(null, "codex", false)]
    [InlineData("codex", "codex", true)]
    [InlineData("codex", "unknown", false)]
    public void A_client_that_is_not_known_answers_to_unknown(string? client, string written, bool matches)
    {
        var policy = SomePolicy.Of(SomePolicy.Rule("c", PolicyAction.Block, new PolicyCondition { Clients = [written] }));
        Assert.Equal(matches, PolicyEvaluator.Evaluate(policy, SomePolicy.Facts() with { Client = client }).Action == PolicyAction.Block);
    }

    [Theory]
    [InlineData(">=", 0.5, true)]
    [InlineData(">", 0.5, false)]
    [InlineData("<=", 0.5, true)]
    [InlineData("<", 0.5, false)]
    [InlineData("<", 0.6, true)]
    public void A_bound_on_confidence_is_what_it_says(string op, double limit, bool matches) =>
        Assert.Equal(matches, new ConfidenceRange(op, limit).Contains(0.5));

    [Fact]
    public void The_verdict_names_the_policy_that_made_it()
    {
        var policy = PolicyFile.BuiltIn("default");
        var verdict = PolicyEvaluator.Evaluate(policy, SomePolicy.Facts());
        Assert.Equal(("default", "1", policy.Hash), (verdict.PolicyName, verdict.PolicyVersion, verdict.PolicyHash));
        Assert.Matches("^[0-9a-f]{64}$", policy.Hash);
    }
}
