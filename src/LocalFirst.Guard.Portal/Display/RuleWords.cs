using System.Globalization;
using LocalFirst.Guard.Policies;

namespace LocalFirst.Guard.Portal.Display;

/// <summary>What a rule of a policy says, as a sentence.</summary>
internal static class RuleWords
{
    /// <summary>When the rule applies, beginning with a capital and without a full stop.</summary>
    public static string When(PolicyCondition when)
    {
        var parts = new List<string>();
        if (when.IsAboutFindings)
        {
            parts.Add($"{What(when)} is found");
        }

        if (when.States is { } states)
        {
            parts.Add($"the request {Or(states.Select(State))}");
        }

        if (when.Providers is { } providers)
        {
            parts.Add(providers.Contains(PolicyWords.Any) ? "it goes to any provider" : $"it goes to {Or(providers)}");
        }

        if (when.Clients is { } clients)
        {
            parts.Add(clients.Contains(PolicyWords.Any) ? "it comes from any client" : $"it comes from {Or(clients)}");
        }

        if (when.Phases is { } phases)
        {
            parts.Add(phases.Contains(PolicyWords.Any) ? "in any phase of the work" : $"the phase of the work is {Or(phases)}");
        }

        return "If " + string.Join(" and ", parts);
    }

    /// <summary>What the rule then asks for.</summary>
    public static string Then(PolicyAction action) => action switch
    {
        PolicyAction.Allow => "it may go to the cloud",
        PolicyAction.Redact => "it goes without what was found; until redaction exists, it stays local",
        PolicyAction.Local => "it is answered by the local model",
        _ => "it is refused",
    };

    private static string What(PolicyCondition when)
    {
        var subject = when.Types is { } types && !types.Contains(PolicyWords.Any) ? Or(types) : "anything";
        if (when.Detectors is { } detectors)
        {
            subject += $" of {Or(detectors.Select(Detector))}";
        }

        if (when.Tiers is { } tiers)
        {
            subject += $" ({Or(tiers.Select(Show.Tier))} evidence)";
        }

        return when.Confidence is { } confidence
            ? string.Create(CultureInfo.InvariantCulture, $"{subject} with confidence {confidence.Operator} {confidence.Limit}")
            : subject;
    }

    private static string Detector(string detector) => detector switch
    {
        "secrets" => "secrets",
        "pii" => "personal data",
        "code" => "own code",
        _ => detector,
    };

    private static string State(string state) => state switch
    {
        "complete" => "was read completely",
        "partial" => "was read without knowing its exact form",
        "uninspectable" => "has a part that could not be inspected",
        "undecodable" => "could not be read",
        _ => state,
    };

    private static string Or(IEnumerable<string> words)
    {
        var list = words.ToList();
        return list.Count < 2 ? string.Concat(list) : string.Join(", ", list[..^1]) + " or " + list[^1];
    }
}
