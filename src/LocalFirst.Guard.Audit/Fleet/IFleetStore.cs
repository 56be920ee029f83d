namespace LocalFirst.Guard.Audit.Fleet;

/// <summary>What the fleet's server keeps besides logs. Safe for concurrent use, by several processes on PostgreSQL.</summary>
public interface IFleetStore
{
    /// <summary>Keeps what a person's newest token told.</summary>
    /// <param name="person">The person.</param>
    /// <param name="cancellation">Stops waiting.</param>
    Task SavePersonAsync(FleetPerson person, CancellationToken cancellation = default);

    /// <summary>A person, or null.</summary>
    /// <param name="objectId">Object id.</param>
    /// <param name="cancellation">Stops reading.</param>
    Task<FleetPerson?> FindPersonAsync(string objectId, CancellationToken cancellation = default);

    /// <summary>Everybody, by name.</summary>
    /// <param name="cancellation">Stops reading.</param>
    Task<IReadOnlyList<FleetPerson>> ListPeopleAsync(CancellationToken cancellation = default);

    /// <summary>Registers a device; the same device with the same key again changes its name and person only.</summary>
    /// <param name="device">The device.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="FleetConflictException">The id has another key, or the device was revoked.</exception>
    Task EnrollAsync(FleetDevice device, CancellationToken cancellation = default);

    /// <summary>A device, or null; revoked ones too.</summary>
    /// <param name="id">Device id.</param>
    /// <param name="cancellation">Stops reading.</param>
    Task<FleetDevice?> FindDeviceAsync(string id, CancellationToken cancellation = default);

    /// <summary>Every device, by name.</summary>
    /// <param name="cancellation">Stops reading.</param>
    Task<IReadOnlyList<FleetDevice>> ListDevicesAsync(CancellationToken cancellation = default);

    /// <summary>Notes that a device was heard of.</summary>
    /// <param name="id">Device id.</param>
    /// <param name="seen">When.</param>
    /// <param name="bundleVersion">The bundle that it says it obeys; null leaves it.</param>
    /// <param name="cancellation">Stops waiting.</param>
    Task TouchDeviceAsync(string id, DateTimeOffset seen, long? bundleVersion, CancellationToken cancellation = default);

    /// <summary>Ends a device's membership.</summary>
    /// <param name="id">Device id.</param>
    /// <param name="revoked">When.</param>
    /// <param name="cancellation">Stops waiting.</param>
    Task RevokeDeviceAsync(string id, DateTimeOffset revoked, CancellationToken cancellation = default);

    /// <summary>Newest version of every document of a kind, by name.</summary>
    /// <param name="kind">Kind.</param>
    /// <param name="cancellation">Stops reading.</param>
    Task<IReadOnlyList<FleetDocument>> ListDocumentsAsync(string kind, CancellationToken cancellation = default);

    /// <summary>Newest version of one document, or null.</summary>
    /// <param name="kind">Kind.</param>
    /// <param name="name">Name.</param>
    /// <param name="cancellation">Stops reading.</param>
    Task<FleetDocument?> FindDocumentAsync(string kind, string name, CancellationToken cancellation = default);

    /// <summary>All versions of one document, newest first.</summary>
    /// <param name="kind">Kind.</param>
    /// <param name="name">Name.</param>
    /// <param name="cancellation">Stops reading.</param>
    Task<IReadOnlyList<FleetDocument>> ReadHistoryAsync(string kind, string name, CancellationToken cancellation = default);

    /// <summary>Adds the next version of a document.</summary>
    /// <param name="document">The document; its version must follow the newest one, 1 for the first.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="FleetConflictException">Somebody else wrote that version first.</exception>
    Task AddDocumentAsync(FleetDocument document, CancellationToken cancellation = default);

    /// <summary>The version under which a bundle's content goes to a device: the last one if the content is the same, else the next, from 1.</summary>
    /// <param name="deviceId">Device id.</param>
    /// <param name="contentHash">SHA-256 of what the bundle says besides its times, lower-case hex.</param>
    /// <param name="issued">When.</param>
    /// <param name="cancellation">Stops waiting.</param>
    Task<long> BundleVersionAsync(string deviceId, string contentHash, DateTimeOffset issued, CancellationToken cancellation = default);

    /// <summary>Latest exchanges of all devices, newest first.</summary>
    /// <param name="max">How many at most, 1…500.</param>
    /// <param name="before">Only those before this running number; null for the newest.</param>
    /// <param name="deviceId">Only of this device; null for all.</param>
    /// <param name="cancellation">Stops reading.</param>
    Task<IReadOnlyList<FleetExchange>> ListExchangesAsync(int max, long? before, string? deviceId, CancellationToken cancellation = default);

    /// <summary>One exchange, or null.</summary>
    /// <param name="deviceId">Device id.</param>
    /// <param name="exchange">Exchange id.</param>
    /// <param name="cancellation">Stops reading.</param>
    Task<FleetExchange?> FindExchangeAsync(string deviceId, string exchange, CancellationToken cancellation = default);

    /// <summary>Latest exchanges that fit a filter, newest first. Looks at a bounded number of decisions, so a page may be short though there is more.</summary>
    /// <param name="filter">What is looked for.</param>
    /// <param name="max">How many at most, 1…500.</param>
    /// <param name="before">Only those before this running number; null for the newest.</param>
    /// <param name="cancellation">Stops reading.</param>
    Task<FleetExchangePage> SearchExchangesAsync(FleetExchangeFilter filter, int max, long? before, CancellationToken cancellation = default);

    /// <summary>One leaf, or null.</summary>
    /// <param name="deviceId">Device id.</param>
    /// <param name="epoch">Epoch, from 1.</param>
    /// <param name="index">Leaf index in its epoch, from 0.</param>
    /// <param name="cancellation">Stops reading.</param>
    Task<FleetLeaf?> FindLeafAsync(string deviceId, long epoch, long index, CancellationToken cancellation = default);

    /// <summary>The newest bundle that was made for each device, by device id; devices that never asked are not in it.</summary>
    /// <param name="cancellation">Stops reading.</param>
    Task<IReadOnlyDictionary<string, long>> NewestBundlesAsync(CancellationToken cancellation = default);

    /// <summary>Whether the store answers; throws with the cause when it does not.</summary>
    /// <param name="cancellation">Stops waiting.</param>
    Task CheckAsync(CancellationToken cancellation = default);
}
