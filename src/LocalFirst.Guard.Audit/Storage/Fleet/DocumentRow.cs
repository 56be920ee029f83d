namespace LocalFirst.Guard.Audit.Storage.Fleet;

/// <summary>One version of a document; only ever inserted.</summary>
internal sealed class DocumentRow
{
    public string Kind { get; set; } = "";

    public string Name { get; set; } = "";

    public long Version { get; set; }

    public string Text { get; set; } = "";

    public string Hash { get; set; } = "";

    public string By { get; set; } = "";

    public long WrittenMs { get; set; }
}
