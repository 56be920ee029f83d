namespace LocalFirst.Guard.Audit.Storage;

/// <summary>One leaf. The record's bytes are the truth; type, exchange and time repeat what they say, for searching, and verification compares them.</summary>
internal sealed class LeafRow
{
    /// <summary>Position over all epochs, from 0; the order in which leaves were written.</summary>
    public long Sequence { get; set; }

    public long Epoch { get; set; }

    /// <summary>Leaf index in its epoch, from 0.</summary>
    public long Index { get; set; }

    /// <summary>RFC 6962 leaf hash of <see cref="Record"/>.</summary>
    public byte[] Hash { get; set; } = [];

    /// <summary>Canonical bytes.</summary>
    public byte[] Record { get; set; } = [];

    public string Type { get; set; } = "";

    public string? Exchange { get; set; }

    /// <summary>Milliseconds since 1970-01-01 UTC.</summary>
    public long TimeMs { get; set; }
}
