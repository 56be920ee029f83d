namespace LocalFirst.Guard.Audit.Questions;

/// <summary>
/// The answer to the two questions for a period: is what we send used to train models, and is data leaving that should not? Portal, report and command
/// line show this very object. <c>docs/report-format.md</c> defines each number.
/// </summary>
public sealed record QuestionsAnswer
{
    /// <summary>The period.</summary>
    public required QuestionPeriod Period { get; init; }

    /// <summary>The filter.</summary>
    public required QuestionFilter Filter { get; init; }

    /// <summary>Everything together: each number is the sum over <see cref="Groups"/>.</summary>
    public required QuestionCounts Totals { get; init; }

    /// <summary>By provider and terms, most bytes first.</summary>
    public required IReadOnlyList<TermsGroup> Groups { get; init; }

    /// <summary>What left although something was found, by provider, terms, kind of finding and the rule that allowed it.</summary>
    public required IReadOnlyList<FlaggedGroup> Flagged { get; init; }

    /// <summary>The first of these exchanges, in the order of the logs; <see cref="QuestionCounts.FlaggedLeft"/> has the full number.</summary>
    public required IReadOnlyList<FlaggedExchange> FlaggedExchanges { get; init; }

    /// <summary>Policies that decided in the period.</summary>
    public required IReadOnlyList<PolicyInForce> Policies { get; init; }

    /// <summary>The logs that it was counted from.</summary>
    public required IReadOnlyList<LogStatement> Logs { get; init; }

    /// <summary>How many records were read for it.</summary>
    public required RecordCounts Records { get; init; }

    /// <summary>Whether there is a log, and every one is whole, under a good signature, and covers every record that was counted.</summary>
    public bool IsWhole => Logs.Count > 0 && Logs.All(l => l.IsWhole && l.NotCovered == 0) && Records.Unreadable == 0;
}

/// <summary>Numbers of a group. Requests are exchanges: one that was tried again is counted once, and the bytes of all its attempts add up.</summary>
public sealed record QuestionCounts
{
    /// <summary>Requests: <see cref="Left"/> + <see cref="Local"/> + <see cref="Refused"/> + <see cref="Failed"/> + <see cref="NoOutcome"/>.</summary>
    public long Requests { get; init; }

    /// <summary>Further attempts.</summary>
    public long Retries { get; init; }

    /// <summary>Requests that reached the provider, whole or in part.</summary>
    public long Left { get; init; }

    /// <summary>Body bytes that reached the provider's connection, over all attempts.</summary>
    public long BytesOut { get; init; }

    /// <summary>Requests that were answered on the device.</summary>
    public long Local { get; init; }

    /// <summary>Requests that were refused.</summary>
    public long Refused { get; init; }

    /// <summary>Requests that failed or were cancelled before a byte of the body left.</summary>
    public long Failed { get; init; }

    /// <summary>Requests whose end is not recorded.</summary>
    public long NoOutcome { get; init; }

    /// <summary>Those of <see cref="NoOutcome"/> that were allowed to leave: whether they did is not recorded.</summary>
    public long MayHaveLeft { get; init; }

    /// <summary>Those of <see cref="Left"/> in which something had been found.</summary>
    public long FlaggedLeft { get; init; }

    /// <summary>Findings in <see cref="FlaggedLeft"/>.</summary>
    public long FlaggedFindings { get; init; }

    /// <summary>Those of <see cref="MayHaveLeft"/> in which something had been found.</summary>
    public long FlaggedMayHaveLeft { get; init; }

    /// <summary>Those of <see cref="Left"/> that were read without a schema (state <c>partial</c>).</summary>
    public long PartialLeft { get; init; }

    /// <summary>Body bytes of <see cref="PartialLeft"/>.</summary>
    public long PartialBytes { get; init; }
}

/// <summary>Requests to one provider under one row of terms.</summary>
/// <param name="Provider">Provider id.</param>
/// <param name="Reference">The terms that the records name; null when they name none.</param>
/// <param name="Terms">What is known of them.</param>
/// <param name="IsStale">Whether they are stale at the end of the period.</param>
/// <param name="Counts">The numbers.</param>
public sealed record TermsGroup(string Provider, string? Reference, TermsFacts Terms, bool IsStale, QuestionCounts Counts);

/// <summary>Findings of one kind that left under one rule.</summary>
/// <param name="Provider">Provider id.</param>
/// <param name="Reference">The terms that the records name; null when they name none.</param>
/// <param name="Detector">Detector; empty for findings that the record counts and does not list.</param>
/// <param name="Type">Type of the value.</param>
/// <param name="Rule">The policy's rule that allowed it.</param>
/// <param name="Requests">Requests.</param>
/// <param name="Findings">Findings.</param>
public sealed record FlaggedGroup(string Provider, string? Reference, string Detector, string Type, string Rule, long Requests, long Findings);

/// <summary>An exchange that left although something was found.</summary>
/// <param name="Device">Device id.</param>
/// <param name="Exchange">Exchange id.</param>
/// <param name="Time">When it was decided.</param>
/// <param name="Epoch">Epoch of the decision.</param>
/// <param name="LeafIndex">Leaf index of the decision.</param>
/// <param name="Provider">Provider id.</param>
/// <param name="Findings">Number of findings.</param>
/// <param name="Rule">The rule that allowed it.</param>
/// <param name="BytesOut">Body bytes that left.</param>
public sealed record FlaggedExchange(string Device, string Exchange, DateTimeOffset Time, long Epoch, long LeafIndex, string Provider, long Findings, string Rule, long BytesOut);

/// <summary>A policy that decided.</summary>
/// <param name="Name">Name.</param>
/// <param name="Version">Version.</param>
/// <param name="Hash">SHA-256 of its file, hex.</param>
/// <param name="Bundle">Version of the fleet's bundle; null where there was none.</param>
/// <param name="Decisions">Decisions by it.</param>
/// <param name="First">Its first.</param>
/// <param name="Last">Its last.</param>
public sealed record PolicyInForce(string Name, string Version, string Hash, long? Bundle, long Decisions, DateTimeOffset First, DateTimeOffset Last);

/// <summary>What can be said of one log of one epoch. Size and root are those of the checkpoint, never of what is stored beyond it.</summary>
/// <param name="Device">Device id.</param>
/// <param name="DeviceName">Name of the device; null where it is not known.</param>
/// <param name="Epoch">Epoch.</param>
/// <param name="Size">Leaves that the checkpoint covers: 0 to this number, which does not belong to it.</param>
/// <param name="RootHash">Root hash of the checkpoint, base64; empty when there is no checkpoint.</param>
/// <param name="Checkpoint">The checkpoint as it was signed; empty when there is none.</param>
/// <param name="VerifierKey">The key that checks it.</param>
/// <param name="Newer">Leaves that are stored beyond it: no checkpoint covers them yet.</param>
/// <param name="Records">Records of the period that were counted from this log.</param>
/// <param name="NotCovered">Those of <paramref name="Records"/> that the checkpoint does not cover.</param>
/// <param name="Failure">Why it is not whole; null when every check passed.</param>
public sealed record LogStatement(
    string Device,
    string? DeviceName,
    long Epoch,
    long Size,
    string RootHash,
    string Checkpoint,
    string VerifierKey,
    long Newer,
    long Records,
    long NotCovered,
    string? Failure)
{
    /// <summary>Whether nothing is wrong with it.</summary>
    public bool IsWhole => Failure is null;
}

/// <summary>Records that an answer was made from.</summary>
/// <param name="Decisions">Decisions of the period that the filter let through.</param>
/// <param name="Outcomes">Outcomes of these.</param>
/// <param name="Filtered">Decisions of the period that it did not.</param>
/// <param name="Unreadable">Records of the period that this version cannot read: what they say is not in any number.</param>
public sealed record RecordCounts(long Decisions, long Outcomes, long Filtered, long Unreadable);
