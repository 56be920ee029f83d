namespace LocalFirst.Guard.Audit;

/// <summary>Where a log lies.</summary>
public sealed record AuditLogOptions
{
    /// <summary>Path of the SQLite database; its folder is made when it is missing.</summary>
    public required string DatabasePath { get; init; }

    /// <summary>Folder of the device's keys and of the checkpoint that is kept outside the database.</summary>
    public required string KeysFolder { get; init; }

    /// <summary>Clock for the records that the log writes itself.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}
