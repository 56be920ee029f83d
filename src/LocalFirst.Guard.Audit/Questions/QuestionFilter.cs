namespace LocalFirst.Guard.Audit.Questions;

/// <summary>Which exchanges are asked about; null members let everything through.</summary>
/// <param name="Device">Device id.</param>
/// <param name="Person">Sign-in name.</param>
/// <param name="Provider">Provider id.</param>
/// <param name="Client">Client id.</param>
public sealed record QuestionFilter(string? Device = null, string? Person = null, string? Provider = null, string? Client = null)
{
    /// <summary>Lets everything through.</summary>
    public static readonly QuestionFilter None = new();

    /// <summary>Whether a device's records can be among them.</summary>
    /// <param name="device">Device id.</param>
    public bool TakesDevice(string device) => Device is null || Device == device;

    /// <summary>Whether a decision is among them.</summary>
    /// <param name="record">Where it stands.</param>
    /// <param name="decision">The decision.</param>
    public bool Takes(SourcedRecord record, DecisionRecord decision)
    {
        ArgumentNullException.ThrowIfNull(record);
        ArgumentNullException.ThrowIfNull(decision);
        return TakesDevice(record.Device)
            && (Person is null || Person == record.Person)
            && (Provider is null || Provider == decision.Provider)
            && (Client is null || Client == decision.Client);
    }

    /// <summary>As people read it; <c>none</c> when everything is let through.</summary>
    public override string ToString()
    {
        var parts = Parts().ToList();
        return parts.Count == 0 ? "none" : string.Join(", ", parts.Select(p => $"{p.Name} = {p.Value}"));
    }

    /// <summary>Its members that say something, in a fixed order.</summary>
    public IEnumerable<(string Name, string Value)> Parts()
    {
        if (Device is not null)
        {
            yield return ("device", Device);
        }

        if (Person is not null)
        {
            yield return ("person", Person);
        }

        if (Provider is not null)
        {
            yield return ("provider", Provider);
        }

        if (Client is not null)
        {
            yield return ("client", Client);
        }
    }
}
