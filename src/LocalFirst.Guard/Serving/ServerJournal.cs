using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Fleet;

namespace LocalFirst.Guard.Serving;

/// <summary>The server's own audit log: the same signed log as a device's, with events of people.</summary>
internal sealed class ServerJournal(IAuditLog log, TimeProvider time) : IServerJournal
{
    public Task RecordAsync(string name, string detail, string person, CancellationToken cancellation) =>
        log.AppendAsync(new EventRecord { Time = time.GetUtcNow(), Name = name, Detail = person.Length == 0 ? detail : $"{person}: {detail}" }, cancellation);
}
