namespace LocalFirst.Guard.Protocols;

/// <summary>
/// How a client tells in which phase of its work a request belongs (<c>phases</c> of <c>rules/clients/*.yaml</c>). Only what the client program itself
/// writes counts, and only at places where no file, tool or person can write: the words alone stand in every tool description and in half of the READMEs.
/// </summary>
/// <param name="Markers">What the client writes into the conversation when its mode changes; the last one in wire order holds.</param>
/// <param name="Quotes">Openings of lines after which a system message repeats what is not the client's own; no marker behind one opens a planning phase.</param>
/// <param name="Background">Requests beside the conversation; the first that matches names the kind.</param>
/// <param name="Planning">Facts of the request that say that the agent may not act at all.</param>
/// <param name="ActingTools">Tools with which an agent acts: a request that declares one, and says nothing else, is execution.</param>
public sealed record ClientPhases(
    IReadOnlyList<PhaseMarker> Markers,
    IReadOnlyList<string> Quotes,
    IReadOnlyList<BackgroundRule> Background,
    IReadOnlyList<MetadataRule> Planning,
    IReadOnlyList<string> ActingTools);

/// <summary>Where a marker stands.</summary>
public enum MarkerPlace
{
    /// <summary>At the start of a paragraph of a system message inside the conversation.</summary>
    SystemParagraph,

    /// <summary>At the start of a text of a system or developer message inside the conversation.</summary>
    SystemBlock,

    /// <summary>
    /// At the start of a reminder that is a text of its own in the user's turn: what the client wrote before it had system messages inside the
    /// conversation. Not looked at where the request has one of those.
    /// </summary>
    Reminder,
}

/// <summary>A marker of a mode.</summary>
/// <param name="Phase"><c>planning</c> or <c>execution</c>.</param>
/// <param name="Place">Where it stands.</param>
/// <param name="Text">What it begins with.</param>
public sealed record PhaseMarker(string Phase, MarkerPlace Place, string Text);

/// <summary>A kind of request beside the conversation. Every condition that is set must agree.</summary>
/// <param name="Kind">Its name, for people.</param>
public sealed record BackgroundRule(string Kind)
{
    /// <summary>The request declares no tool.</summary>
    public bool NoTools { get; init; }

    /// <summary>The bound on answer tokens is exactly this.</summary>
    public int? MaxAnswerTokens { get; init; }

    /// <summary>JSON pointer of a string of the body; null when none is asked for.</summary>
    public string? At { get; init; }

    /// <summary>The whole text at <see cref="At"/>.</summary>
    public string? Is { get; init; }

    /// <summary>What the last text of the last user message begins with.</summary>
    public string? LastUserText { get; init; }

    /// <summary>A fact that a header states.</summary>
    public MetadataRule? Metadata { get; init; }
}

/// <summary>A string member of the JSON object that a header holds.</summary>
/// <param name="Header">The header's name.</param>
/// <param name="Key">The member.</param>
/// <param name="Value">The value to compare with.</param>
/// <param name="IsNot">True when any other value agrees; an absent member agrees with nothing.</param>
public sealed record MetadataRule(string Header, string Key, string Value, bool IsNot = false);
