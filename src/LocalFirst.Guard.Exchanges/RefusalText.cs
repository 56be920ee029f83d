using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Exchanges;

/// <summary>The text that a client shows when policy refuses: what, where and what to do next, short enough for a terminal.</summary>
internal static class RefusalText
{
    /// <summary>400, because clients stop and show the text; on 403 some resend the whole body several times.</summary>
    private const int PolicyRefusalStatus = 400;

    public static Refusal Of(Verdict verdict, string exchange)
    {
        var reason = verdict.Reasons.Count > 0 ? verdict.Reasons[0] : new VerdictReason("built-in:unexplained", PolicyAction.Block, "No rule allowed it.");
        var place = reason.Place is { } at ? $", at {at}" : "";
        var others = verdict.Reasons.Count > 1 ? $" (and {verdict.Reasons.Count - 1} more)" : "";
        return new Refusal(
            PolicyRefusalStatus,
            $"LocalFirst.Guard kept this request on your machine: {reason.Reason} [rule {reason.RuleId}{place}]{others}. Nothing was sent. Reference {exchange}.",
            "blocked_by_policy");
    }
}
