namespace LocalFirst.Guard.Audit.Storage;

/// <summary>A signed checkpoint, written in the same transaction as the leaves that it covers.</summary>
internal sealed class CheckpointRow
{
    public long Epoch { get; set; }

    /// <summary>Number of leaves of the epoch that it covers.</summary>
    public long Size { get; set; }

    /// <summary>The signed note (C2SP tlog-checkpoint), whole.</summary>
    public string Note { get; set; } = "";
}
