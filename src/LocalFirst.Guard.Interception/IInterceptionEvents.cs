namespace LocalFirst.Guard.Interception;

/// <summary>Told what the listener refused before there was an exchange, so that it is recorded.</summary>
public interface IInterceptionEvents
{
    /// <summary>A connection was refused.</summary>
    /// <param name="name">A stable name, for example <c>sni-mismatch</c>.</param>
    /// <param name="detail">A sentence for people; no text of a request.</param>
    void Refused(string name, string detail);
}
