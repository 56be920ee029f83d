namespace LocalFirst.Guard.Audit.Questions;

/// <summary>How far an exchange got; the furthest of its attempts counts.</summary>
internal enum Fate
{
    NotRecorded,
    Failed,
    Refused,
    Local,
    Left,
}

/// <summary>An exchange whose records are still coming in.</summary>
/// <param name="first">Its first decision in the period.</param>
/// <param name="at">Where that stands.</param>
/// <param name="group">The group of its newest decision.</param>
internal sealed class OpenExchange(DecisionRecord first, SourcedRecord at, Tally group)
{
    public SourcedRecord At { get; } = at;

    public DecisionRecord Decision { get; private set; } = first;

    public Tally Group { get; private set; } = group;

    public Fate Fate { get; private set; }

    public long BytesOut { get; private set; }

    public bool WasPartial { get; private set; } = first.State == "partial";

    /// <summary>The attempt that left with something found in it; null while there is none.</summary>
    public DecisionRecord? LeftFlagged { get; private set; }

    public bool MayLeave => Decision.Action is not ("local" or "block");

    public void Retry(DecisionRecord decision, Tally group)
    {
        Decision = decision;
        Group = group;
        WasPartial |= decision.State == "partial";
    }

    public void End(OutcomeRecord outcome)
    {
        var bytes = Math.Clamp(outcome.BytesOut, 0, Tally.Most);
        var fate = bytes > 0 || outcome.Result == "forwarded" ? Fate.Left : outcome.Result switch
        {
            "answered-locally" => Fate.Local,
            "refused" => Fate.Refused,
            _ => Fate.Failed,
        };
        Fate = (Fate)Math.Max((int)Fate, (int)fate);
        BytesOut = Math.Min(Tally.Most, BytesOut + bytes);
        Tally.Add(ref Group.BytesOut, bytes);
        if (fate == Fate.Left && Decision.FindingCount > 0)
        {
            LeftFlagged = Decision;
        }
    }
}
