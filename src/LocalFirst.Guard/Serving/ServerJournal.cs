using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Fleet;

namespace LocalFirst.Guard.Serving;

/// <summary>The server's own audit log: the same signed log as a device's, with events of people.</summary>
internal sealed class ServerJournal(IAuditLog log, TimeProvider time) : IServerJournal
{
    private const int LongestName = 200;

    public Task RecordAsync(string name, string detail, string person, CancellationToken cancellation) =>
        log.AppendAsync(new EventRecord { Time = time.GetUtcNow(), Name = name, Detail = person.Length == 0 ? detail : $"{NameOf(person)}: {detail}" }, cancellation);

    // Names come from the directory, and in some everybody chooses his own: whatever it is, it ends at the first colon and stands on one line.
    private static string NameOf(string person)
    {
        var name = CommandLine.PlainText.Of(person).Replace(':', '\uFE55');
        return name.Length <= LongestName ? name : name[..LongestName] + "…";
    }
}
