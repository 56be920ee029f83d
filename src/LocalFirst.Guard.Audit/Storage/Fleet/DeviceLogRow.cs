namespace LocalFirst.Guard.Audit.Storage.Fleet;

/// <summary>How far the upload of one log (a device's epoch) has come. The only row of a log that changes.</summary>
internal sealed class DeviceLogRow
{
    public string DeviceId { get; set; } = "";

    public long Epoch { get; set; }

    /// <summary>Leaves that are stored.</summary>
    public long StoredSize { get; set; }

    /// <summary>Their compact range: the hashes of its perfect subtrees, one after the other.</summary>
    public byte[] Tree { get; set; } = [];

    /// <summary>Size of the newest checkpoint that the device showed and that is consistent with those before.</summary>
    public long PendingSize { get; set; }

    /// <summary>That checkpoint, as the device signed it; empty before the first.</summary>
    public string PendingNote { get; set; } = "";

    /// <summary>The newest checkpoint whose leaves are all here, with the cosignature; empty before the first.</summary>
    public string CosignedNote { get; set; } = "";

    /// <summary>A checkpoint that the device signed for a size that already had another root: proof of two histories; empty while there is none.</summary>
    public string ForkNote { get; set; } = "";
}
