using LocalFirst.Guard.LocalModels;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Exchanges;

/// <summary>Decides on a request's facts. Pure: same facts, same verdict.</summary>
/// <param name="facts">The facts.</param>
public delegate Verdict DecisionFunction(PolicyFacts facts);

/// <summary>Step 4: gathers the facts and asks policy.</summary>
/// <param name="decide">The policy in force; asked anew for each request, so that a new policy holds at the next one.</param>
/// <param name="clients">Who the client is.</param>
/// <param name="executor">The local executor, for whether a request can be kept local.</param>
public sealed class DecideStep(DecisionFunction decide, ClientCatalogue clients, IChatExecutor executor)
{
    /// <summary>The facts that a request gives to policy.</summary>
    /// <param name="request">The request.</param>
    /// <param name="prompt">It, decoded.</param>
    /// <param name="inspected">It, inspected.</param>
    public PolicyFacts FactsOf(ExchangeRequest request, Prompt prompt, InspectedPrompt inspected)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(inspected);
        var obstacle = ObstacleToLocalAnswer(prompt);
        var client = clients.Identify(request.Wire.Headers);
        var facts = new PolicyFacts
        {
            State = StateWord(inspected.State),
            StateReason = inspected.StateReason,
            Provider = request.Wire.Provider.Id,
            Client = client,
            Findings = [.. inspected.Findings.Select(f => new FindingFact(
                f.Finding.Detector, f.Finding.Rule, f.Finding.Type, (int)f.Finding.Tier, f.Finding.Confidence, RecordedPlace.Of(f.Part.Place)))],
            LocalAvailable = obstacle is null,
            LocalUnavailableReason = obstacle,
        };
        return request.Window is { } window ? window.Judge(inspected, facts, decide) : facts;
    }

    /// <summary>Asks policy.</summary>
    /// <param name="facts">The facts.</param>
    public Verdict Decide(PolicyFacts facts) => decide(facts);

    /// <summary>The word that policies and records use for a state.</summary>
    /// <param name="state">The state.</param>
    public static string StateWord(DecodeState state) => state switch
    {
        DecodeState.Complete => "complete",
        DecodeState.Partial => "partial",
        DecodeState.UninspectablePart => "uninspectable",
        _ => "undecodable",
    };

    private string? ObstacleToLocalAnswer(Prompt prompt)
    {
        if (AnswerEncoders.For(prompt.Api) is null)
        {
            return "This kind of request has no local answer; take the flagged text out of it.";
        }

        if (prompt.Api == ApiForm.AnthropicCountTokens || !prompt.Generates)
        {
            return null;
        }

        if (prompt.Untranslatable is { } untranslatable)
        {
            return untranslatable;
        }

        var status = executor.Status;
        return status.Available ? null : status.Description;
    }
}
