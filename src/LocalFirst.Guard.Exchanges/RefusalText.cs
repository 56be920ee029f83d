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
        // Without a local model the strictest reason is that one; what was found, and where, is what the person needs first.
        var why = verdict.Reasons.FirstOrDefault(r => r.RuleId != PolicyEvaluator.NoLocalModelRule && r.Action != PolicyAction.Allow)
            ?? (verdict.Reasons is [var first, ..] ? first : new VerdictReason("built-in:unexplained", PolicyAction.Block, "No rule allowed it."));
        var place = why.Place is { } at ? $", at {at}" : "";
        var mend = verdict.Reasons.FirstOrDefault(r => r.RuleId == PolicyEvaluator.NoLocalModelRule && r != why) is { } noModel ? $" {OneLine(noModel.Reason)}" : "";
        return new Refusal(
            PolicyRefusalStatus,
            $"LocalFirst.Guard kept this request on your machine: {OneLine(why.Reason)} [rule {why.RuleId}{place}]{mend} Nothing was sent. Reference {exchange}.",
            "blocked_by_policy");
    }

    /// <summary>Some clients show an error on one line.</summary>
    private static string OneLine(string text) => text.ReplaceLineEndings(" ").Replace("   →", " →", StringComparison.Ordinal);
}
