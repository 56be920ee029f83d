namespace LocalFirst.Guard.Audit;

/// <summary>One exchange as the log tells it.</summary>
/// <param name="Decision">The decision.</param>
/// <param name="DecisionIndex">Its position in the log over all epochs, from 0; equal to the leaf index in a device's first epoch.</param>
/// <param name="Outcome">The outcome; null when there is none, which is itself a finding once the exchange cannot be running any more.</param>
/// <param name="Epoch">Epoch of the decision, from 1.</param>
/// <param name="LeafIndex">Leaf index of the decision in its epoch.</param>
public sealed record ExchangeEntry(DecisionRecord Decision, long DecisionIndex, OutcomeRecord? Outcome, long Epoch = 1, long? LeafIndex = null);

/// <summary>Whether the log is whole.</summary>
/// <param name="Intact">True when every check passed.</param>
/// <param name="Size">Number of leaves in the present epoch.</param>
/// <param name="Origin">Origin line of the checkpoints.</param>
/// <param name="RootHash">Root hash, base64.</param>
/// <param name="Failure">A stable failure name (<c>ENTRY_ALTERED</c>, <c>ENTRY_MISSING</c>, <c>ROOT_MISMATCH</c>, <c>SIG_BAD</c> …) with a sentence; null when intact.</param>
public sealed record LogIntegrity(bool Intact, long Size, string Origin, string RootHash, string? Failure);

/// <summary>Reads the log for people.</summary>
public interface IAuditReader
{
    /// <summary>The latest exchanges, newest first. An exchange that was tried again stands there once, with its last decision.</summary>
    /// <param name="max">How many at most, 1…500.</param>
    /// <param name="beforeIndex">Only decisions before this <see cref="ExchangeEntry.DecisionIndex"/>; null for the newest.</param>
    /// <param name="cancellation">Stops reading.</param>
    Task<IReadOnlyList<ExchangeEntry>> ListExchangesAsync(int max, long? beforeIndex, CancellationToken cancellation);

    /// <summary>One exchange, or null.</summary>
    /// <param name="exchange">Id of the exchange.</param>
    /// <param name="cancellation">Stops reading.</param>
    Task<ExchangeEntry?> FindExchangeAsync(string exchange, CancellationToken cancellation);

    /// <summary>Checks every leaf, the tree and the signature of the last checkpoint.</summary>
    /// <param name="cancellation">Stops checking.</param>
    Task<LogIntegrity> VerifyAsync(CancellationToken cancellation);
}
