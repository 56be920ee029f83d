namespace LocalFirst.Guard.Audit.Storage.Fleet;

/// <summary>A checkpoint that the server cosigned; only ever inserted.</summary>
internal sealed class DeviceCheckpointRow
{
    public string DeviceId { get; set; } = "";

    public long Epoch { get; set; }

    public long Size { get; set; }

    /// <summary>The note with the device's signature and the server's cosignature.</summary>
    public string Note { get; set; } = "";
}
