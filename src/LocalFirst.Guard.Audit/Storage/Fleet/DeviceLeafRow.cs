namespace LocalFirst.Guard.Audit.Storage.Fleet;

/// <summary>A leaf of a device's log; only ever inserted. The record's bytes are the truth, the other columns repeat them for searching.</summary>
internal sealed class DeviceLeafRow
{
    /// <summary>The server's running number, from the database.</summary>
    public long Number { get; set; }

    public string DeviceId { get; set; } = "";

    public long Epoch { get; set; }

    /// <summary>Leaf index in its epoch, from 0.</summary>
    public long Index { get; set; }

    public byte[] Hash { get; set; } = [];

    public byte[] Record { get; set; } = [];

    public string Type { get; set; } = "";

    public string? Exchange { get; set; }

    /// <summary>Milliseconds since 1970-01-01 UTC, as the device's clock said.</summary>
    public long TimeMs { get; set; }
}
