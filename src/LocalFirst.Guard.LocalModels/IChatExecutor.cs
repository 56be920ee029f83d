using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.LocalModels;

/// <summary>A request to a local model.</summary>
/// <param name="Messages">The conversation.</param>
/// <param name="MaxTokens">Upper bound on answer tokens; null leaves it to the executor.</param>
public sealed record ChatRequest(IReadOnlyList<ChatMessage> Messages, int? MaxTokens = null);

/// <summary>Whether an executor can answer now.</summary>
/// <param name="Available">True when it can.</param>
/// <param name="Description">What answers (model, device, confinement), or why nothing does and how to mend it.</param>
public sealed record ExecutorStatus(bool Available, string Description);

/// <summary>
/// Answers on this machine, or on an endpoint that an operator named. The one seam to local inference: the embedded llama.cpp host,
/// Ollama, llama-server, vLLM and others are all behind it.
/// </summary>
public interface IChatExecutor
{
    /// <summary>Name for records, for example <c>model-host/demo</c>.</summary>
    string Name { get; }

    /// <summary>Whether it can answer now; cheap enough to be asked on each request.</summary>
    ExecutorStatus Status { get; }

    /// <summary>Answers. Text events closed by one <see cref="AnswerEvent.Done"/>.</summary>
    /// <param name="request">The conversation.</param>
    /// <param name="cancellation">Stops the generation.</param>
    /// <exception cref="ExecutorException">The executor failed; the message is fit for a client.</exception>
    IAsyncEnumerable<AnswerEvent> CompleteAsync(ChatRequest request, CancellationToken cancellation);
}

/// <summary>An executor could not answer. The message says what and what to do next, and holds no prompt text.</summary>
public sealed class ExecutorException : Exception
{
    /// <summary>Creates it.</summary>
    /// <param name="message">What went wrong and the mend.</param>
    public ExecutorException(string message)
        : base(message)
    {
    }

    /// <summary>Creates it with its cause.</summary>
    /// <param name="message">What went wrong and the mend.</param>
    /// <param name="inner">The cause.</param>
    public ExecutorException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
