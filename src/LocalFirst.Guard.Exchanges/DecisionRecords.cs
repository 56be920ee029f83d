using System.Text;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Exchanges;

/// <summary>Builds the record of a decision: places, rules, keyed hashes and sizes, never text.</summary>
/// <param name="log">Gives the keyed hashes.</param>
/// <param name="terms">Tells the terms that a request is under; null for none.</param>
internal sealed class DecisionRecords(IAuditLog log, TermsResolver? terms = null)
{
    private const int LongestModelName = 80;

    public DecisionRecord Build(string exchange, DateTimeOffset time, ExchangeRequest request, Prompt prompt, InspectedPrompt inspected, PolicyFacts facts, Verdict verdict, RoutedExchange routed, double latencyMs) => new()
    {
        Time = time,
        Exchange = exchange,
        Client = facts.Client ?? "unknown",
        Provider = request.Wire.Provider.Id,
        Host = request.Wire.Host,
        Method = IsToken(request.Wire.Method) ? request.Wire.Method : "(other)",
        Endpoint = (request.Wire.StreamEndpoint ?? request.Wire.Provider.Match(request.Wire.Method, request.Wire.Path))?.Path ?? "(other)",
        Api = prompt.Api,
        Entry = request.Entry == EntryMode.Connect ? "connect" : "base-url",
        Model = ModelName(prompt, inspected),
        Stream = prompt.Stream,
        State = facts.State,
        StateReason = facts.StateReason,
        BodyBytes = request.Wire.Body.Length,
        BodyHash = log.Correlate(request.Wire.Body.Span),
        Parts = prompt.Parts.Count,
        FindingCount = inspected.Findings.Count,
        Findings = [.. inspected.Findings
            .OrderBy(f => f.Finding.Tier)
            .ThenByDescending(f => f.Finding.Confidence)
            .Take(MostFindings)
            .Select(Recorded)],
        Action = verdict.Action.ToString().ToLowerInvariant(),
        Reasons = [.. verdict.Reasons.Take(MostFindings).Select(r => new RecordedReason(r.RuleId, r.Action.ToString().ToLowerInvariant(), r.Reason, r.Place))],
        Policy = verdict.PolicyName,
        PolicyVersion = verdict.PolicyVersion,
        PolicyHash = verdict.PolicyHash,
        Terms = terms?.Resolve(request.Wire)?.Terms.Reference,
        Phase = facts.Phase,
        Session = routed.Session,
        ModelSent = routed.ModelSent,
        Bundle = verdict.Bundle,
        LatencyMs = Math.Round(latencyMs, 3),
    };

    /// <summary>More would not fit into a record's 4 KB; the log itself cuts to the exact size.</summary>
    private const int MostFindings = 32;

    private RecordedFinding Recorded(PartFinding found)
    {
        var (part, finding) = found;
        var value = part.Text.AsSpan(finding.Start, finding.End - finding.Start);
        return new RecordedFinding(
            finding.Detector,
            finding.Rule,
            finding.Type,
            (int)finding.Tier,
            Math.Round(finding.Confidence, 2),
            RecordedPlace.Of(part.Place),
            finding.Start,
            value.Length,
            log.Correlate(Encoding.UTF8.GetBytes(value.ToArray())));
    }

    /// <summary>A model name is the client's text: it is recorded only if it looks like one and nothing was found in it.</summary>
    private static string? ModelName(Prompt prompt, InspectedPrompt inspected)
    {
        return prompt.RequestedModel is { } model && IsModelName(model) && !inspected.Findings.Any(f => f.Part.Text == model) ? model : null;
    }

    /// <summary>Whether a text that somebody else wrote is fit to stand in a record as a model's name.</summary>
    internal static bool IsModelName(string model) =>
        model.Length is > 0 and <= LongestModelName && model.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or ':' or '/' or '@');

    private static bool IsToken(string method) => method.Length <= 16 && method.All(char.IsAsciiLetterUpper);
}
