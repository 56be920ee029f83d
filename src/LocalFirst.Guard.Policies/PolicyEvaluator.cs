namespace LocalFirst.Guard.Policies;

/// <summary>
/// Decides on a request. Pure: no clock, no randomness, no file. The strictest reason wins, so a further rule or finding can only make a verdict
/// stricter, and the order of rules and findings never changes it.
/// </summary>
public static class PolicyEvaluator
{
    /// <summary>Reason id of a request that no decoder could read.</summary>
    public const string UndecodableRule = "built-in:undecodable";

    /// <summary>Reason id of a request with a part that no inspector could read.</summary>
    public const string UninspectableRule = "built-in:uninspectable";

    /// <summary>Reason id of a request that should stay local where nothing local can answer.</summary>
    public const string NoLocalModelRule = "built-in:no-local-model";

    /// <summary>Reason id of a request that no rule holds back.</summary>
    public const string CleanRule = "built-in:clean";

    /// <summary>Reason id of a request that the month's budget does not pay for any more.</summary>
    public const string BudgetSpentRule = "built-in:budget-spent";

    /// <summary>Reason id of a request for a model without a price while a budget holds: what nobody can count does not leave as if it were free.</summary>
    public const string NoPriceRule = "built-in:no-price";

    /// <summary>Decides.</summary>
    /// <param name="policy">The policy in force.</param>
    /// <param name="facts">What is known of the request.</param>
    public static Verdict Evaluate(Policy policy, PolicyFacts facts)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(facts);

        // 1. What no policy can loosen. 2. What the policy's rules ask for. 3. What nothing pays for. 4. What is asked for but cannot be done here.
        var reasons = new HashSet<VerdictReason>(Floor(facts));
        foreach (var rule in policy.Rules)
        {
            reasons.UnionWith(Apply(rule, facts));
        }

        // A budget is asked last and about the cloud alone, so that it can only add strictness.
        if (policy.MonthlyBudgetUsd is not null && facts.Budget is { } unpaid && reasons.All(r => r.Action < PolicyAction.Local))
        {
            reasons.Add(new VerdictReason(unpaid.Rule, PolicyAction.Local, unpaid.Reason));
        }

        var asked = reasons.Count == 0 ? PolicyAction.Allow : reasons.Max(r => r.Action);
        if (asked == PolicyAction.Allow && reasons.Count == 0)
        {
            reasons.Add(new VerdictReason(CleanRule, PolicyAction.Allow, facts.Findings.Count == 0
                ? "Nothing was found that must stay here."
                : "No rule of the policy holds back what was found."));
        }

        if (asked == PolicyAction.Local && !facts.LocalAvailable)
        {
            reasons.Add(new VerdictReason(NoLocalModelRule, PolicyAction.Block, NoLocalModel(facts)));
        }

        // Ordinal order of id and place as tie-break: the same reasons give the same record, whatever order the detectors ran in.
        VerdictReason[] ordered =
        [
            .. reasons
                .OrderByDescending(r => r.Action)
                .ThenBy(r => r.RuleId, StringComparer.Ordinal)
                .ThenBy(r => r.Place, StringComparer.Ordinal)
                .ThenBy(r => r.Reason, StringComparer.Ordinal),
        ];
        return new Verdict(ordered[0].Action, ordered, policy.Name, policy.Version, policy.Hash)
        {
            Model = ordered[0].Action == PolicyAction.Allow && facts.ModelObstacle is null ? ModelOf(policy, facts) : null,
            MonthlyBudgetUsd = policy.MonthlyBudgetUsd,
        };
    }

    /// <summary>The model of the rules that apply; of several the one whose rule comes first by id, so that the order of a file means nothing here either.</summary>
    private static string? ModelOf(Policy policy, PolicyFacts facts) =>
        policy.Rules
            .Where(r => r.Model is not null && r.When.AgreesWithRequest(facts) && (!r.When.IsAboutFindings || facts.Findings.Any(r.When.AgreesWithFinding)))
            .MinBy(r => r.Id, StringComparer.Ordinal)?.Model;

    private static IEnumerable<VerdictReason> Floor(PolicyFacts facts)
    {
        switch (facts.State)
        {
            case "complete" or "partial":
                break;

            case "uninspectable":
                yield return new VerdictReason(UninspectableRule, PolicyAction.Local, Because("A part of the request could not be inspected, so it does not leave this machine", facts.StateReason));
                break;

            // A state that this version does not know is as good as undecodable: it fails closed.
            default:
                yield return new VerdictReason(UndecodableRule, PolicyAction.Block, Because("The request could not be read, so it is refused", facts.StateReason));
                break;
        }
    }

    private static IEnumerable<VerdictReason> Apply(PolicyRule rule, PolicyFacts facts)
    {
        if (!rule.When.AgreesWithRequest(facts))
        {
            yield break;
        }

        // Surrogates do not exist yet; until they do, what would leave redacted stays here instead.
        var (action, reason) = rule.Then == PolicyAction.Redact
            ? (PolicyAction.Local, $"{rule.Reason} (The rule asks for redaction, which this version does not do yet: kept local instead.)")
            : (rule.Then, rule.Model is not null && facts.ModelObstacle is { } obstacle ? $"{rule.Reason} (The model {rule.Model} is not named here: {obstacle})" : rule.Reason);

        if (!rule.When.IsAboutFindings)
        {
            yield return new VerdictReason(rule.Id, action, reason);
            yield break;
        }

        foreach (var finding in facts.Findings)
        {
            if (rule.When.AgreesWithFinding(finding))
            {
                yield return new VerdictReason(rule.Id, action, reason, finding.Place);
            }
        }
    }

    private static string NoLocalModel(PolicyFacts facts) =>
        "This request must stay on this machine, but no local model can answer it: "
        + (string.IsNullOrWhiteSpace(facts.LocalUnavailableReason)
            ? "none is set up. Run 'guard model pull' or 'guard model use', then try again."
            : facts.LocalUnavailableReason);

    private static string Because(string sentence, string? reason) =>
        string.IsNullOrWhiteSpace(reason) ? $"{sentence}." : $"{sentence}: {reason.TrimEnd('.')}.";
}
