namespace LocalFirst.Guard.Audit.Storage.Fleet;

/// <summary>
/// A checkpoint that a device signed and that is not one of those its log grew by: smaller than the newest, or without a proof that it continues it.
/// Kept as evidence until, and after, the records tell whether it is a fork; only ever inserted.
/// </summary>
internal sealed class OtherCheckpointRow
{
    public string DeviceId { get; set; } = "";

    public long Epoch { get; set; }

    public long Size { get; set; }

    /// <summary>Root hash, base64.</summary>
    public string Root { get; set; } = "";

    /// <summary>The note as the device signed it.</summary>
    public string Note { get; set; } = "";

    /// <summary>When the server saw it first, in milliseconds since 1970-01-01 UTC.</summary>
    public long SeenMs { get; set; }
}
