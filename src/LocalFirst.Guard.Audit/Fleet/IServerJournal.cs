namespace LocalFirst.Guard.Audit.Fleet;

/// <summary>The server's own log: what people did with it.</summary>
public interface IServerJournal
{
    /// <summary>Writes it down; durable when this returns.</summary>
    /// <param name="name">A stable name, for example <c>assignment-changed</c>.</param>
    /// <param name="detail">A sentence for people; no secret.</param>
    /// <param name="person">Sign-in name of who did it; empty when nobody is known.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="AuditException">It cannot be written, so what it is about must not happen.</exception>
    Task RecordAsync(string name, string detail, string person, CancellationToken cancellation = default);
}
