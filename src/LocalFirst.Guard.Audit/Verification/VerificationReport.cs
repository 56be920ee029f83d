namespace LocalFirst.Guard.Audit;

/// <summary>One thing that is wrong with a log.</summary>
/// <param name="Class">Stable name: one of <see cref="FailureClass"/>.</param>
/// <param name="Epoch">Epoch it is about.</param>
/// <param name="LeafIndex">Leaf index in that epoch, when it is about one.</param>
/// <param name="Message">A sentence for people.</param>
public sealed record VerificationFailure(string Class, long Epoch, long? LeafIndex, string Message);

/// <summary>An epoch as verification found it.</summary>
/// <param name="Epoch">Epoch, from 1.</param>
/// <param name="Origin">Origin line of its checkpoints.</param>
/// <param name="Size">Number of leaves.</param>
/// <param name="RootHash">Root hash over the leaves found, base64; empty when leaves are missing, because there is none then.</param>
/// <param name="Reason">Why it began (<see cref="EpochRecord.Reason"/>); null for a device's first.</param>
public sealed record EpochState(long Epoch, string Origin, long Size, string RootHash, string? Reason);

/// <summary>What verification found.</summary>
/// <param name="Epochs">All epochs in the database, oldest first.</param>
/// <param name="Failures">What is wrong, in the order of the log; the first hundred.</param>
/// <param name="Records">Number of leaves in all epochs.</param>
/// <param name="Decisions">Number of decisions among them.</param>
/// <param name="DecisionsWithoutOutcome">Exchanges that were decided and have no outcome: still running, or the broker was stopped in the middle. Not a failure of the log.</param>
/// <param name="OpenExchanges">The first hundred of these, oldest first.</param>
public sealed record VerificationReport(
    IReadOnlyList<EpochState> Epochs,
    IReadOnlyList<VerificationFailure> Failures,
    long Records,
    long Decisions,
    long DecisionsWithoutOutcome,
    IReadOnlyList<string> OpenExchanges)
{
    /// <summary>True when nothing is wrong.</summary>
    public bool Intact => Failures.Count == 0;
}

/// <summary>The stable names of what can be wrong with a log.</summary>
public static class FailureClass
{
    /// <summary>A record's bytes, its leaf hash or its searchable columns do not fit each other.</summary>
    public const string EntryAltered = "ENTRY_ALTERED";

    /// <summary>A leaf that was signed is not there.</summary>
    public const string EntryMissing = "ENTRY_MISSING";

    /// <summary>A leaf stands after the last signed checkpoint.</summary>
    public const string EntryUnsigned = "ENTRY_UNSIGNED";

    /// <summary>A leaf's bytes are signed but are not a record.</summary>
    public const string EntryUnreadable = "ENTRY_UNREADABLE";

    /// <summary>The leaves do not give the root that was signed: some were replaced, moved or inserted.</summary>
    public const string RootMismatch = "ROOT_MISMATCH";

    /// <summary>A stored checkpoint is no checkpoint, or stands in the wrong place.</summary>
    public const string CheckpointBad = "CHECKPOINT_BAD";

    /// <summary>A signature is not over the checkpoint it stands under.</summary>
    public const string SignatureBad = "SIG_BAD";

    /// <summary>A checkpoint is not signed by this device's key.</summary>
    public const string SignatureUnknown = "SIG_UNKNOWN";

    /// <summary>More or something else was signed than the database holds: it was rolled back or replaced.</summary>
    public const string Fork = "FORK";

    /// <summary>An epoch is not in the database, or does not say what came before it.</summary>
    public const string Gap = "GAP";

    /// <summary>A checkpoint was signed of which it cannot be known yet whether it continues the log or contradicts it.</summary>
    public const string Unproven = "UNPROVEN";

    /// <summary>The checkpoint that is kept outside the database is gone: that the end was cut off could not be noticed.</summary>
    public const string GuardMissing = "GUARD_MISSING";

    /// <summary>An outcome stands before its decision, or has none.</summary>
    public const string OutcomeBeforeDecision = "OUTCOME_BEFORE_DECISION";
}
