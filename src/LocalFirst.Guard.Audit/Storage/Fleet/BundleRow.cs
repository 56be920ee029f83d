namespace LocalFirst.Guard.Audit.Storage.Fleet;

/// <summary>A version of a device's bundle; only ever inserted.</summary>
internal sealed class BundleRow
{
    public string DeviceId { get; set; } = "";

    public long Version { get; set; }

    public string ContentHash { get; set; } = "";

    public long IssuedMs { get; set; }
}
