using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.LocalModels;

/// <summary>Stands where no local model can answer, and says why.</summary>
/// <param name="reason">Why nothing answers, and the mend.</param>
public sealed class UnavailableExecutor(string reason) : IChatExecutor
{
    /// <inheritdoc/>
    public string Name => "none";

    /// <inheritdoc/>
    public ExecutorStatus Status => new(false, reason);

    /// <inheritdoc/>
    public IAsyncEnumerable<AnswerEvent> CompleteAsync(ChatRequest request, CancellationToken cancellation) => throw new ExecutorException(reason);
}
