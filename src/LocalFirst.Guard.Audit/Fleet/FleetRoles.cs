namespace LocalFirst.Guard.Audit.Fleet;

/// <summary>
/// App roles of the directory: permissions, one a name. The authorization policies of portal and API have the same names. Groups are for the
/// assignment of policies, never for permissions.
/// </summary>
public static class FleetRoles
{
    /// <summary>May see records, devices and answers.</summary>
    public const string AuditRead = "Audit.Read";

    /// <summary>May change policies and assignments, and revoke devices.</summary>
    public const string PolicyWrite = "Policy.Write";

    /// <summary>May take reports away.</summary>
    public const string ReportExport = "Report.Export";

    /// <summary>May enrol a device.</summary>
    public const string AgentUpload = "Agent.Upload";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [AuditRead, PolicyWrite, ReportExport, AgentUpload];
}
