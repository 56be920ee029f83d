namespace LocalFirst.Guard.Audit.Storage.Fleet;

/// <summary>A person of the directory.</summary>
internal sealed class PersonRow
{
    public string ObjectId { get; set; } = "";

    public string TenantId { get; set; } = "";

    public string Name { get; set; } = "";

    /// <summary>Object ids of the groups, one a line.</summary>
    public string Groups { get; set; } = "";

    /// <summary>Milliseconds since 1970-01-01 UTC.</summary>
    public long SeenMs { get; set; }
}
