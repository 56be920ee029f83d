using System.Runtime.CompilerServices;
using System.Text;
using LocalFirst.Guard.LocalModels;
using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Exchanges;

/// <summary>Step 6b: answers from the local executor in the provider's own wire form.</summary>
/// <param name="executor">The executor.</param>
internal sealed class LocalAnswerStep(IChatExecutor executor)
{
    /// <summary>Bounds an answer that the client left unbounded; the executor may be a large remote-free model with a long context.</summary>
    private const int DefaultMaxTokens = 8192;

    public async Task<ActResult> AnswerAsync(Prompt prompt, IClientResponse client, IReadOnlyList<HeaderField> headers, CancellationToken cancellation)
    {
        var encoder = AnswerEncoders.For(prompt.Api) ?? throw new InvalidOperationException($"No local answer exists for {prompt.Api}.");
        var counted = new CountedResponse(client);

        if (prompt.Api == ApiForm.AnthropicCountTokens)
        {
            var count = encoder.Encode(prompt, "", new AnswerEvent.Done(StopReason.EndTurn, prompt.TokenEstimate, 0));
            await counted.SendAsync(count, headers, cancellation);
            return new ActResult("answered-locally", count.Status, 0, counted.Bytes, "token-estimate");
        }

        if (!prompt.Generates)
        {
            // Nothing is to be generated, so that no model is asked.
            await client.StartAsync(200, encoder.StreamContentType, headers, cancellation);
            await foreach (var chunk in encoder.EncodeStreamAsync(prompt, AsyncEnumerable.Empty<AnswerEvent>(), cancellation))
            {
                await counted.WriteAsync(chunk, cancellation);
            }

            return new ActResult("answered-locally", 200, 0, counted.Bytes, "guard");
        }

        var request = new ChatRequest(prompt.Conversation, Math.Min(prompt.MaxAnswerTokens ?? DefaultMaxTokens, DefaultMaxTokens));
        var events = executor.CompleteAsync(request, cancellation);
        if (!prompt.Stream)
        {
            var text = new StringBuilder();
            var done = new AnswerEvent.Done(StopReason.EndTurn, 0, 0);
            await foreach (var item in events)
            {
                if (item is AnswerEvent.Text piece)
                {
                    text.Append(piece.Value);
                }
                else if (item is AnswerEvent.Done end)
                {
                    done = end;
                }
            }

            var whole = encoder.Encode(prompt, text.ToString(), done);
            await counted.SendAsync(whole, headers, cancellation);
            return new ActResult("answered-locally", whole.Status, 0, counted.Bytes, executor.Name) { Generated = done };
        }

        // The first event is awaited before the status goes out: an executor that fails at once can still be told as a plain error.
        await using var started = events.GetAsyncEnumerator(cancellation);
        var any = await started.MoveNextAsync();
        var failure = new FailureWatch();
        await client.StartAsync(200, encoder.StreamContentType, headers, cancellation);
        await foreach (var chunk in encoder.EncodeStreamAsync(prompt, failure.Observe(Resume(started, any, cancellation), cancellation), cancellation))
        {
            await counted.WriteAsync(chunk, cancellation);
        }

        return new ActResult(failure.Failed ? "failed" : "answered-locally", 200, 0, counted.Bytes, executor.Name, failure.Failed ? "executor-failed-midstream" : null) { Generated = failure.End };
    }

    private static async IAsyncEnumerable<AnswerEvent> Resume(IAsyncEnumerator<AnswerEvent> events, bool any, [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (any)
        {
            cancellation.ThrowIfCancellationRequested();
            yield return events.Current;
            any = await events.MoveNextAsync();
        }
    }

    /// <summary>Remembers that the executor failed, since the encoder turns the failure into the API's own error event.</summary>
    private sealed class FailureWatch
    {
        public bool Failed { get; private set; }

        /// <summary>What the executor told at the end; null when it did not get there.</summary>
        public AnswerEvent.Done? End { get; private set; }

        public async IAsyncEnumerable<AnswerEvent> Observe(IAsyncEnumerable<AnswerEvent> events, [EnumeratorCancellation] CancellationToken cancellation)
        {
            Failed = true;
            await foreach (var item in events.WithCancellation(cancellation))
            {
                // The encoder stops at the end of the answer and does not ask for what comes after it.
                End = item as AnswerEvent.Done;
                Failed = End is null;
                yield return item;
            }
        }
    }
}

/// <summary>How step 6 ended, for the outcome record.</summary>
/// <param name="Result">One of the outcome record's results.</param>
/// <param name="Status">HTTP status that the client got.</param>
/// <param name="BytesOut">Body bytes towards the provider.</param>
/// <param name="BytesIn">Answer bytes to the client.</param>
/// <param name="AnsweredBy">What answered.</param>
/// <param name="Error">A short error class, if it failed.</param>
internal sealed record ActResult(string Result, int Status, long BytesOut, long BytesIn, string AnsweredBy, string? Error = null)
{
    /// <summary>What the local executor counted; null when it did not answer to the end.</summary>
    public AnswerEvent.Done? Generated { get; init; }
}

/// <summary>Counts what goes to the client.</summary>
internal sealed class CountedResponse(IClientResponse client)
{
    public long Bytes { get; private set; }

    public async Task SendAsync(EncodedAnswer answer, IReadOnlyList<HeaderField> headers, CancellationToken cancellation)
    {
        await client.StartAsync(answer.Status, answer.ContentType, headers, cancellation);
        await WriteAsync(answer.Body, cancellation);
    }

    public async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
    {
        await client.WriteAsync(bytes, cancellation);
        Bytes += bytes.Length;
    }
}
