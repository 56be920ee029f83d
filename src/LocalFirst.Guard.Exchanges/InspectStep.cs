using LocalFirst.Guard.Inspection;
using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Exchanges;

/// <summary>A finding and the part that holds it.</summary>
/// <param name="Part">The part.</param>
/// <param name="Finding">The finding; its span counts in the part's text.</param>
public readonly record struct PartFinding(Part Part, Finding Finding);

/// <summary>What inspection says of a whole request.</summary>
/// <param name="State">The decode state, worsened by parts that could not be inspected.</param>
/// <param name="StateReason">Why it is not complete; null when it is.</param>
/// <param name="Findings">All findings, in wire order.</param>
public sealed record InspectedPrompt(DecodeState State, string? StateReason, IReadOnlyList<PartFinding> Findings);

/// <summary>Step 3: maps parts to the inspector's input and collects what it finds.</summary>
/// <param name="inspector">The inspector, with its verdict cache.</param>
public sealed class InspectStep(IInspector inspector)
{
    /// <summary>Inspects every part of a prompt, and on a stream what it completes of earlier messages.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="window">What left with earlier messages of the stream; null when it is none.</param>
    internal InspectedPrompt Inspect(Prompt prompt, StreamWindow? window) => window is null ? Inspect(prompt) : window.Look(prompt, Inspect(prompt), inspector);

    /// <summary>Inspects every part of a prompt.</summary>
    /// <param name="prompt">The prompt.</param>
    public InspectedPrompt Inspect(Prompt prompt)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        var state = prompt.State;

        // What the decoder says of such a part is replaced by what is said below, which names the place in the form that fits a record.
        var reason = state == DecodeState.UninspectablePart ? null : prompt.StateReason;
        var findings = new List<PartFinding>();

        foreach (var part in prompt.Parts)
        {
            if (part.Uninspectable is { } why)
            {
                (state, reason) = Worsen(state, reason, $"{RecordedPlace.Of(part.Place)} cannot be inspected ({Word(why)})");
                continue;
            }

            if (part.Text.Length == 0)
            {
                continue;
            }

            var result = inspector.Inspect(new InspectionText(
                part.Text,
                ZoneOf(prompt, part),
                part.Role == PartRole.None ? null : part.Role.ToString(),
                part.Origin?.Path,
                prompt.SessionKey));

            foreach (var finding in result.Findings)
            {
                findings.Add(new PartFinding(part, finding));
            }

            if (result.Failure is { } failure)
            {
                (state, reason) = Worsen(state, reason, $"{RecordedPlace.Of(part.Place)}: {failure}");
            }
        }

        return new InspectedPrompt(state, reason ?? prompt.StateReason, findings);
    }

    /// <summary>The word that policies use for a reason.</summary>
    /// <param name="reason">The reason.</param>
    public static string Word(UninspectableReason reason) => reason switch
    {
        UninspectableReason.OpaqueUnknown => "opaque-unknown",
        UninspectableReason.Budget => "budget",
        _ => "unreadable",
    };

    private static (DecodeState State, string? Reason) Worsen(DecodeState state, string? reason, string why) =>
        state is DecodeState.Undecodable || (state is DecodeState.UninspectablePart && reason is not null)
            ? (state, reason)
            : (DecodeState.UninspectablePart, why);

    private static Zone ZoneOf(Prompt prompt, Part part)
    {
        if (part.Origin?.Path is not null)
        {
            return Zone.Code;
        }

        return part.Provenance switch
        {
            Provenance.Human or Provenance.Assistant => Zone.Prose,
            Provenance.ToolCall => Zone.Data,
            _ => prompt.Api == ApiForm.GenericJson ? Zone.Data : Zone.Unknown,
        };
    }
}
