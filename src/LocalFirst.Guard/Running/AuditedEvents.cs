using System.Threading.Channels;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Interception;

namespace LocalFirst.Guard.Running;

/// <summary>
/// Writes what the listener refused into the log, without making the refusal wait for it. Bounded in memory: what comes while the log is busy beyond
/// the queue is counted and told with the next record.
/// </summary>
internal sealed class AuditedEvents : IInterceptionEvents, IAsyncDisposable
{
    private const int MostWaiting = 256;

    private readonly IAuditLog _log;
    private readonly TimeProvider _time;
    private readonly Channel<(string Name, string Detail)> _waiting = Channel.CreateBounded<(string, string)>(MostWaiting);
    private readonly Task _writer;
    private long _uncounted;

    public AuditedEvents(IAuditLog log, TimeProvider time)
    {
        _log = log;
        _time = time;
        _writer = WriteAllAsync();
    }

    public void Refused(string name, string detail)
    {
        if (!_waiting.Writer.TryWrite((name, detail)))
        {
            Interlocked.Increment(ref _uncounted);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _writer;
    }

    private async Task WriteAllAsync()
    {
        await foreach (var (name, detail) in _waiting.Reader.ReadAllAsync())
        {
            var missed = Interlocked.Exchange(ref _uncounted, 0);
            try
            {
                await _log.AppendAsync(new EventRecord
                {
                    Time = _time.GetUtcNow(),
                    Name = name,
                    Detail = missed == 0 ? detail : $"{detail} {missed} more were refused while the log was busy.",
                });
            }
            catch (AuditException)
            {
                // The refusal stands; the next decision fails loudly on the same log.
                Interlocked.Add(ref _uncounted, missed + 1);
            }
        }
    }
}
