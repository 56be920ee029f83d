using LocalFirst.Guard.Configuration;
using LocalFirst.Guard.Fleet.Membership;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Running;
using LocalFirst.Guard.Tests.Policies;
using Xunit;

namespace LocalFirst.Guard.Tests.Fleet.Membership;

/// <summary>Who decides on a device of a fleet, and that nothing local loosens it.</summary>
public sealed class PolicyInForceTests : IDisposable
{
    private const string Lenient = "name: lenient\nversion: \"1\"\nrules:\n  - id: all-goes\n    when: {type: \"*\"}\n    then: allow\n    reason: Everything goes.\n";

    private static readonly Policy Default = PolicyFile.BuiltIn("default");
    private static readonly PolicyFacts Clean = SomePolicy.Facts();
    private static readonly PolicyFacts Secret = SomePolicy.Facts("complete", SomePolicy.Secret());

    private readonly SomeFleet _fleet = new();
    private readonly BundleStore _store;

    public PolicyInForceTests() => _store = _fleet.OpenStore();

    public void Dispose() => _fleet.Dispose();

    [Fact]
    public void Without_a_fleet_the_local_policy_decides_and_no_bundle_is_named()
    {
        var verdict = PolicyInForce.Alone(Default).Decide(Secret);

        Assert.Equal(PolicyAction.Local, verdict.Action);
        Assert.Null(verdict.Bundle);
    }

    [Fact]
    public void A_new_bundle_is_obeyed_at_the_next_decision_and_named_in_it()
    {
        var policy = OfFleet(Default, isNamed: false);
        _store.Accept(_fleet.Note(1));
        Assert.Equal((PolicyAction.Local, 1L), Seen(policy.Decide(Secret)));

        _store.Accept(_fleet.Note(2, "strict"));

        Assert.Equal((PolicyAction.Block, 2L), Seen(policy.Decide(Secret)));
        Assert.Equal((PolicyAction.Allow, 2L), Seen(policy.Decide(Clean)));
    }

    [Fact]
    public void The_built_in_default_does_not_tighten_what_the_fleet_gives()
    {
        _store.Accept(_fleet.Note(1, "lenient", yaml: Lenient));

        Assert.Equal(PolicyAction.Allow, OfFleet(Default, isNamed: false).Decide(Secret).Action);
    }

    [Fact]
    public void A_policy_that_the_configuration_names_only_tightens()
    {
        _store.Accept(_fleet.Note(1, "lenient", yaml: Lenient));
        var tightened = OfFleet(Default, isNamed: true).Decide(Secret);
        Assert.Equal(PolicyAction.Local, tightened.Action);
        Assert.Equal("default+lenient", tightened.PolicyName);

        _store.Accept(_fleet.Note(2, "strict"));
        Assert.Equal(PolicyAction.Block, OfFleet(PolicyFile.Parse(Lenient, "mine.yaml"), isNamed: true).Decide(Secret).Action);
    }

    [Theory]
    [InlineData(PolicyAction.Block)]
    [InlineData(PolicyAction.Local)]
    public void After_its_expiry_what_would_leave_is_held_and_what_stays_is_untouched(PolicyAction expired)
    {
        _store.Accept(_fleet.Note(1, expired: expired));
        var policy = OfFleet(Default, isNamed: false);
        _fleet.Time.Advance(TimeSpan.FromDays(7) - TimeSpan.FromSeconds(1));
        Assert.Equal(PolicyAction.Allow, policy.Decide(Clean).Action);

        _fleet.Time.Advance(TimeSpan.FromSeconds(1));

        var held = policy.Decide(Clean);
        Assert.Equal(expired, held.Action);
        Assert.Equal(PolicyInForce.ExpiredRule, held.Reasons[0].RuleId);
        Assert.Contains("guard.example", held.Reasons[0].Reason, StringComparison.Ordinal);
        Assert.Equal(1, held.Bundle);
        var local = policy.Decide(Secret);
        Assert.Equal(PolicyAction.Local, local.Action);
        Assert.DoesNotContain(local.Reasons, r => r.RuleId == PolicyInForce.ExpiredRule);

        // Nobody answers here: held all the same.
        Assert.Equal(PolicyAction.Block, policy.Decide(Clean with { LocalAvailable = false }).Action);

        _store.Accept(_fleet.Note(1, issued: _fleet.Time.GetUtcNow()));
        Assert.Equal(PolicyAction.Allow, policy.Decide(Clean).Action);
    }

    [Fact]
    public void A_member_without_a_valid_bundle_lets_nothing_leave_and_says_so()
    {
        var verdict = OfFleet(Default, isNamed: false).Decide(Clean);

        Assert.Equal(PolicyAction.Block, verdict.Action);
        Assert.Equal(PolicyInForce.NoBundleRule, verdict.Reasons[0].RuleId);
        Assert.Contains("guard doctor", verdict.Reasons[0].Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_configuration_that_does_not_fit_the_membership_holds_everything()
    {
        var device = _fleet.Membership.Device;
        Assert.Null(FleetLink.ProblemOf(null, null, device));
        Assert.Null(FleetLink.ProblemOf(_fleet.Membership, null, device));
        Assert.Null(FleetLink.ProblemOf(_fleet.Membership, new Uri("https://GUARD.example"), device));

        Assert.Contains("not enrolled", FleetLink.ProblemOf(null, new Uri("https://guard.example"), device), StringComparison.Ordinal);
        Assert.Contains("enrolled with guard.example", FleetLink.ProblemOf(_fleet.Membership, new Uri("https://other.example"), device), StringComparison.Ordinal);
        var keys = FleetLink.ProblemOf(_fleet.Membership, null, new string('b', 32))!;
        Assert.Contains("keys", keys, StringComparison.Ordinal);

        var held = PolicyInForce.Held(Default, keys);
        Assert.Equal(PolicyAction.Block, held.Decide(Clean).Action);
        Assert.Equal(PolicyAction.Local, held.Decide(Secret).Action);
    }

    [Fact]
    public void The_configuration_says_whether_it_names_a_policy()
    {
        Assert.False(SettingsFile.Parse("listen: 127.0.0.1:1\n"u8.ToArray(), "guard.yaml", "/").NamesPolicy);
        Assert.True(SettingsFile.Parse("policy: default\n"u8.ToArray(), "guard.yaml", "/").NamesPolicy);
    }

    private static (PolicyAction Action, long? Bundle) Seen(Verdict verdict) => (verdict.Action, verdict.Bundle);

    private PolicyInForce OfFleet(Policy local, bool isNamed) => PolicyInForce.OfFleet(local, isNamed, _store, _fleet.Membership, _fleet.Time);
}
