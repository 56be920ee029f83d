using System.Collections.Concurrent;
using LocalFirst.Guard.ModelHost.Chat;
using LocalFirst.Guard.ModelHost.Llama;

namespace LocalFirst.Guard.ModelHost.Engine;

/// <summary>The prompt is longer than the model's context. It is refused, never cut.</summary>
/// <param name="promptTokens">Tokens of the prompt.</param>
/// <param name="contextSize">Tokens of the context.</param>
internal sealed class ContextOverflowException(int promptTokens, int contextSize)
    : Exception($"The prompt has {promptTokens} tokens and the model's context holds {contextSize}, answer included. Shorten the conversation or use a model with a larger context.");

/// <summary>
/// One thread that owns the model's context and works one sequence at a time. What the next prompt shares with the last one stays computed.
/// </summary>
internal sealed class InferenceEngine : IDisposable
{
    /// <summary>Requests that may wait; more are refused at once instead of piling up behind a model that serves one after another.</summary>
    public const int QueueLimit = 64;

    /// <summary>Answer tokens where the request names no bound.</summary>
    public const int DefaultMaxTokens = 4096;

    private readonly LlamaModel _model;
    private readonly BlockingCollection<Generation> _queue = new(QueueLimit);
    private readonly List<int> _computed = [];
    private readonly Thread _thread;

    /// <summary>Starts the thread.</summary>
    /// <param name="model">The model; disposed with the engine.</param>
    public InferenceEngine(LlamaModel model)
    {
        _model = model;
        _thread = new Thread(Run) { IsBackground = true, Name = "inference" };
        _thread.Start();
    }

    /// <summary>Turns segments into tokens.</summary>
    /// <param name="segments">The rendered prompt.</param>
    public int[] Tokenize(IReadOnlyList<PromptSegment> segments)
    {
        var tokens = new List<int>();
        if (_model.AddBos && _model.BosToken >= 0)
        {
            tokens.Add(_model.BosToken);
        }

        foreach (var segment in segments)
        {
            _model.Tokenize(segment.Text, segment.IsTemplate, tokens);
        }

        return [.. tokens];
    }

    /// <summary>Queues a request.</summary>
    /// <param name="prompt">Its tokens.</param>
    /// <param name="maxTokens">Most answer tokens, or null.</param>
    /// <param name="sampling">How tokens are chosen.</param>
    /// <param name="stops">Texts that end the answer.</param>
    /// <param name="cancellation">Ends the work.</param>
    /// <returns>The running request, or null when the queue is full.</returns>
    /// <exception cref="ContextOverflowException">The prompt leaves no room for an answer.</exception>
    public Generation? Submit(int[] prompt, int? maxTokens, Sampling sampling, IReadOnlyList<string> stops, CancellationToken cancellation)
    {
        var room = _model.ContextSize - prompt.Length;
        if (room < 1)
        {
            throw new ContextOverflowException(prompt.Length, _model.ContextSize);
        }

        var generation = new Generation(prompt, Math.Clamp(maxTokens ?? DefaultMaxTokens, 1, room), new Sampler(sampling), stops, cancellation);
        return _queue.TryAdd(generation) ? generation : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _queue.CompleteAdding();
        if (_thread.Join(TimeSpan.FromSeconds(5)))
        {
            _model.Dispose();
        }
    }

    private void Run()
    {
        foreach (var generation in _queue.GetConsumingEnumerable())
        {
            try
            {
                Generate(generation);
                generation.Close();
            }
            catch (Exception e)
            {
                // After any early end the memory's content is what _computed says, except after a failed step: forget it all then.
                if (e is not OperationCanceledException)
                {
                    Forget();
                }

                generation.Close(e);
            }
        }
    }

    private void Generate(Generation generation)
    {
        generation.Cancellation.ThrowIfCancellationRequested();
        Prefill(generation);

        var text = new AnswerText(generation.Stops);
        var piece = new byte[4096];
        var reason = "length";
        for (var written = 0; written < generation.MaxTokens; written++)
        {
            generation.Cancellation.ThrowIfCancellationRequested();
            var token = generation.Sampler.Next(_model.Logits());
            generation.CountToken();
            if (_model.IsEnd(token))
            {
                reason = "stop";
                break;
            }

            Emit(generation, text.Append(piece.AsSpan(0, _model.Piece(token, piece))));
            if (text.Stopped)
            {
                reason = "stop";
                break;
            }

            if (written + 1 < generation.MaxTokens)
            {
                Compute([token], wantLogits: true);
            }
        }

        Emit(generation, text.Finish());
        generation.Emit(new GenerationEvent(null, reason));
    }

    private void Prefill(Generation generation)
    {
        var prompt = generation.Prompt;
        var shared = 0;
        while (shared < _computed.Count && shared < prompt.Length - 1 && _computed[shared] == prompt[shared])
        {
            shared++;
        }

        if (_model.KeepUntil(shared))
        {
            _computed.RemoveRange(shared, _computed.Count - shared);
        }
        else
        {
            _computed.Clear();
            shared = 0;
        }

        while (_computed.Count < prompt.Length)
        {
            generation.Cancellation.ThrowIfCancellationRequested();
            var count = Math.Min(LlamaModel.PrefillChunk, prompt.Length - _computed.Count);
            Compute(prompt.AsSpan(_computed.Count, count), wantLogits: _computed.Count + count == prompt.Length);
        }
    }

    private void Compute(ReadOnlySpan<int> tokens, bool wantLogits)
    {
        _model.Decode(tokens, _computed.Count, wantLogits);
        _computed.AddRange(tokens);
    }

    private void Forget()
    {
        _computed.Clear();
        _model.KeepUntil(0);
    }

    private static void Emit(Generation generation, string text)
    {
        if (text.Length > 0)
        {
            generation.Emit(new GenerationEvent(text, null));
        }
    }
}
