using System.Collections.Concurrent;
using LocalFirst.Guard.Audit;

namespace LocalFirst.Guard.Exchanges;

/// <summary>
/// Step 8: writes how an exchange ended. Nobody waits for it: the client has its answer, and on HTTP/1.1 its next request would wait for this
/// one's disk write. What is lost by a kill is a decision without an outcome, which the log reports.
/// </summary>
/// <param name="log">The log; its bounded queue is what holds back a flood.</param>
/// <param name="time">The clock.</param>
internal sealed class OutcomeStep(IAuditLog log, TimeProvider time)
{
    private readonly ConcurrentDictionary<Task, byte> _running = new();

    public void Record(string exchange, ActResult result, RecordedUsage? usage, double durationMs)
    {
        var writing = WriteAsync(new OutcomeRecord
        {
            Time = time.GetUtcNow(),
            Exchange = exchange,
            Result = result.Result,
            Status = result.Status,
            BytesOut = result.BytesOut,
            BytesIn = result.BytesIn,
            AnsweredBy = result.AnsweredBy,
            Error = result.Error,
            Usage = usage,
            DurationMs = Math.Round(durationMs, 3),
        });
        if (writing.IsCompleted)
        {
            return;
        }

        _running.TryAdd(writing, 0);
        writing.ContinueWith(done => _running.TryRemove(done, out _), TaskScheduler.Default);
    }

    /// <summary>Waits for what is being written.</summary>
    public async ValueTask DrainAsync() => await Task.WhenAll(_running.Keys);

    private async Task WriteAsync(OutcomeRecord record)
    {
        try
        {
            await log.AppendAsync(record);
        }
        catch (AuditException)
        {
            // The exchange is over. The missing outcome is itself a finding, and the next decision fails loudly on the same log.
        }
    }
}
