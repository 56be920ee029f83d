using LocalFirst.Guard.Audit;

namespace LocalFirst.Guard.Fleet.Membership;

/// <summary>
/// What happens between this device and its fleet: recorded in the log, and said to whoever watches the broker. What goes on happening is told once, so
/// that a server that repeats itself does not fill the log. Safe for concurrent use.
/// </summary>
/// <param name="log">The log.</param>
/// <param name="time">The clock.</param>
/// <param name="say">Shows a sentence to people.</param>
public sealed class FleetJournal(IAuditLog log, TimeProvider time, Action<string> say)
{
    private readonly Lock _lock = new();
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);

    /// <summary>Records an event.</summary>
    /// <param name="name">Stable name.</param>
    /// <param name="detail">A sentence for people.</param>
    public async Task RecordAsync(string name, string detail)
    {
        say(detail);
        try
        {
            await log.AppendAsync(new EventRecord { Time = time.GetUtcNow(), Name = name, Detail = detail });
        }
        catch (AuditException)
        {
            // Whatever has to be recorded before it leaves fails loudly on the same log.
        }
    }

    /// <summary>Records an event, once for each cause.</summary>
    /// <param name="cause">What makes it the same as another.</param>
    /// <param name="name">Stable name.</param>
    /// <param name="detail">A sentence for people.</param>
    public Task RecordOnceAsync(string cause, string name, string detail) => IsNew($"{name}:{cause}") ? RecordAsync(name, detail) : Task.CompletedTask;

    /// <summary>Says something without recording it, once until <see cref="Forget"/>.</summary>
    /// <param name="cause">What makes it the same as another.</param>
    /// <param name="sentence">The sentence.</param>
    public void SayOnce(string cause, string sentence)
    {
        if (IsNew(cause))
        {
            say(sentence);
        }
    }

    /// <summary>Lets a cause be told again; true when it had been told.</summary>
    /// <param name="cause">The cause.</param>
    public bool Forget(string cause)
    {
        lock (_lock)
        {
            return _told.Remove(cause);
        }
    }

    private bool IsNew(string cause)
    {
        lock (_lock)
        {
            return _told.Add(cause);
        }
    }
}
