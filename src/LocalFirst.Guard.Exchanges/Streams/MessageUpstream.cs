namespace LocalFirst.Guard.Exchanges;

/// <summary>Step 6a for one message of a stream: sends it on the stream that is open and waits for the end of its answer, which goes to the client beside it.</summary>
internal sealed class MessageUpstream(IUpstreamEnd stream, PendingAnswers answers, StreamWindow window, bool isBinary) : IUpstream
{
    private readonly TaskCompletionSource _sent = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether the message asks for an answer; without one the exchange is over when it is sent.</summary>
    public bool Expects { get; set; }

    /// <summary>Ends when the message is sent. Never ends for one that is not.</summary>
    public Task Sent => _sent.Task;

    public async Task<ForwardResult> ForwardAsync(RecordedDecision decision, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(decision);
        var size = decision.BodyBytes;
        var pending = Expects ? answers.Expect(decision.Observer) : null;

        // Before the first byte: from here on a part of it may be out, whatever becomes of the rest.
        window.Commit();
        try
        {
            await stream.SendAsync(decision, isBinary, cancellation);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            return new ForwardResult(0, size, 0, null, cancellation.IsCancellationRequested ? "client-gone" : "provider-gone", cancellation.IsCancellationRequested);
        }
        finally
        {
            _sent.TrySetResult();
        }

        if (pending is null)
        {
            return new ForwardResult(200, size, 0);
        }

        return await pending.Ended.Task switch
        {
            PendingAnswers.AnswerEnd.Whole => new ForwardResult(200, size, pending.BytesIn),
            PendingAnswers.AnswerEnd.ClientGone => new ForwardResult(200, size, pending.BytesIn, null, "client-gone", Cancelled: true),
            _ => new ForwardResult(200, size, pending.BytesIn, null, "stream-ended"),
        };
    }
}
