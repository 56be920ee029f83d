using System.Threading.Channels;

namespace LocalFirst.Guard.ModelHost.Engine;

/// <summary>One event of a generation.</summary>
/// <param name="Text">Text to append; null in the last event.</param>
/// <param name="FinishReason"><c>stop</c> or <c>length</c> in the last event, else null.</param>
internal readonly record struct GenerationEvent(string? Text, string? FinishReason);

/// <summary>One request in the engine's queue, and the stream of its answer.</summary>
internal sealed class Generation(int[] prompt, int maxTokens, Sampler sampler, IReadOnlyList<string> stops, CancellationToken cancellation)
{
    // Unbounded in form, bounded by the context in fact; the engine must never wait for a slow reader.
    private readonly Channel<GenerationEvent> _events = Channel.CreateUnbounded<GenerationEvent>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private int _written;

    /// <summary>Tokens of the prompt.</summary>
    public int[] Prompt { get; } = prompt;

    /// <summary>Most tokens to write.</summary>
    public int MaxTokens { get; } = maxTokens;

    /// <summary>Chooses the tokens.</summary>
    public Sampler Sampler { get; } = sampler;

    /// <summary>Texts that end the answer.</summary>
    public IReadOnlyList<string> Stops { get; } = stops;

    /// <summary>Set when nobody waits for the answer any more.</summary>
    public CancellationToken Cancellation { get; } = cancellation;

    /// <summary>Tokens written so far.</summary>
    public int OutputTokens => Volatile.Read(ref _written);

    /// <summary>The answer as it comes. Throws what ended the generation early.</summary>
    public IAsyncEnumerable<GenerationEvent> ReadAsync(CancellationToken reading) => _events.Reader.ReadAllAsync(reading);

    /// <summary>Adds an event.</summary>
    public void Emit(GenerationEvent value) => _events.Writer.TryWrite(value);

    /// <summary>Counts a written token.</summary>
    public void CountToken() => Interlocked.Increment(ref _written);

    /// <summary>Closes the stream.</summary>
    public void Close(Exception? error = null) => _events.Writer.TryComplete(error);
}
