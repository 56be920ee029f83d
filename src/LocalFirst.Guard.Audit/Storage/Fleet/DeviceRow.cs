namespace LocalFirst.Guard.Audit.Storage.Fleet;

/// <summary>An enrolled device. Times are milliseconds since 1970-01-01 UTC.</summary>
internal sealed class DeviceRow
{
    public string Id { get; set; } = "";

    public string Name { get; set; } = "";

    /// <summary>Raw Ed25519 public key.</summary>
    public byte[] PublicKey { get; set; } = [];

    public string PersonId { get; set; } = "";

    public long EnrolledMs { get; set; }

    public long? LastSeenMs { get; set; }

    public long? BundleVersion { get; set; }

    public long? RevokedMs { get; set; }
}
