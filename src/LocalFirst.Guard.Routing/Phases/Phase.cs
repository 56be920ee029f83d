namespace LocalFirst.Guard.Routing;

/// <summary>The words for the phases of an agent's work, as policies and records use them. A request whose phase is not known has none (null).</summary>
public static class Phase
{
    /// <summary>The agent is in a mode in which it reads and proposes.</summary>
    public const string Planning = "planning";

    /// <summary>The agent is in a mode in which it may act.</summary>
    public const string Execution = "execution";

    /// <summary>Beside the conversation: titles, probes, prewarming, compaction, permission checks, token counts.</summary>
    public const string Background = "background";

    /// <summary>Of a client whose phases are known, and none of the others.</summary>
    public const string Other = "other";
}
