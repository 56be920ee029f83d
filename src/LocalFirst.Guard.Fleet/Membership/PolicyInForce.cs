using System.Globalization;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Policies.Assignment;

namespace LocalFirst.Guard.Fleet.Membership;

/// <summary>What decides at one moment.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="Bundle">Version of the fleet's bundle that it comes from; null without one.</param>
/// <param name="Hold">What is done with everything that would leave although the policy lets it, and why; null when nothing is held.</param>
public sealed record PolicyNow(Policy Policy, long? Bundle, PolicyRule? Hold);

/// <summary>
/// Which policy decides, asked anew for each request: the local one on a device of no fleet; else the fleet's bundle, which a policy that
/// <c>guard.yaml</c> names can only make stricter. Where the bundle is missing or expired, what would leave is held; what stays here is untouched.
/// </summary>
public sealed class PolicyInForce
{
    /// <summary>Rule id: the bundle is older than it may be.</summary>
    public const string ExpiredRule = "fleet:expired";

    /// <summary>Rule id: no bundle may be obeyed.</summary>
    public const string NoBundleRule = "fleet:no-bundle";

    /// <summary>Rule id: configuration and membership do not fit.</summary>
    public const string MembershipRule = "fleet:membership";

    private static readonly PolicyCondition Everything = new() { Providers = [PolicyWords.Any] };

    private readonly Policy _local;
    private readonly bool _isLocalJoined;
    private readonly BundleStore? _store;
    private readonly FleetMembership? _membership;
    private readonly TimeProvider _time;
    private readonly PolicyRule? _hold;
    private volatile Joined? _joined;

    private PolicyInForce(Policy local, bool isLocalJoined, BundleStore? store, FleetMembership? membership, PolicyRule? hold, TimeProvider time)
    {
        _local = local;
        _isLocalJoined = isLocalJoined;
        _store = store;
        _membership = membership;
        _hold = hold;
        _time = time;
    }

    /// <summary>What decides now.</summary>
    public PolicyNow Now
    {
        get
        {
            if (_store is null)
            {
                return new PolicyNow(_local, null, _hold);
            }

            if (_store.InForce is not { } verified)
            {
                return new PolicyNow(_local, null, Rule(NoBundleRule, PolicyAction.Block,
                    $"This device belongs to the fleet {_membership!.Name}, but has no valid policy of it: nothing leaves until {_membership.Server.Authority} gives one. guard doctor says more."));
            }

            var bundle = verified.Bundle;
            return new PolicyNow(PolicyOf(verified), bundle.Version, _time.GetUtcNow() < bundle.Expires ? null : Rule(ExpiredRule, bundle.Expired, string.Create(
                CultureInfo.InvariantCulture,
                $"The policy of the fleet {_membership!.Name} expired on {bundle.Expires:u}, since its server was not heard: connect to {_membership.Server.Authority}, or ask your security team. guard doctor says more.")));
        }
    }

    /// <summary>On a device of no fleet.</summary>
    /// <param name="local">The policy that the configuration names.</param>
    public static PolicyInForce Alone(Policy local) => new(local, false, null, null, null, TimeProvider.System);

    /// <summary>On a device of a fleet.</summary>
    /// <param name="local">The local policy.</param>
    /// <param name="isLocalNamed">Whether the configuration names it: it is joined then, and the strictest rule of both wins. The built-in default is not.</param>
    /// <param name="store">The fleet's bundle.</param>
    /// <param name="membership">The fleet.</param>
    /// <param name="time">The clock.</param>
    public static PolicyInForce OfFleet(Policy local, bool isLocalNamed, BundleStore store, FleetMembership membership, TimeProvider time) =>
        new(local, isLocalNamed, store, membership, null, time);

    /// <summary>Where it is not clear whom to obey: nothing leaves.</summary>
    /// <param name="local">The local policy, which still decides what stays here.</param>
    /// <param name="reason">Why, and what to do.</param>
    public static PolicyInForce Held(Policy local, string reason) => new(local, false, null, null, Rule(MembershipRule, PolicyAction.Block, reason), TimeProvider.System);

    /// <summary>Decides on a request.</summary>
    /// <param name="facts">Its facts.</param>
    public Verdict Decide(PolicyFacts facts)
    {
        var now = Now;
        var verdict = PolicyEvaluator.Evaluate(now.Policy, facts);
        if (now.Hold is { } hold && verdict.Action is PolicyAction.Allow or PolicyAction.Redact)
        {
            verdict = PolicyEvaluator.Evaluate(now.Policy with { Rules = [.. now.Policy.Rules, hold] }, facts);
        }

        return verdict with { Bundle = now.Bundle };
    }

    private static PolicyRule Rule(string id, PolicyAction action, string reason) => new(id, Everything, action, reason, 0);

    // Two requests at once may join twice; both get the same.
    private Policy PolicyOf(VerifiedBundle verified)
    {
        if (_joined is { } joined && ReferenceEquals(joined.Of, verified))
        {
            return joined.Policy;
        }

        var policy = _isLocalJoined && _local.Hash != verified.Policy.Hash ? JoinedPolicy.Of([verified.Policy, _local]) : verified.Policy;
        _joined = new Joined(verified, policy);
        return policy;
    }

    private sealed record Joined(VerifiedBundle Of, Policy Policy);
}
