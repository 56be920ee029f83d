namespace LocalFirst.Guard.Audit.Migrations;

/// <summary>What triggers guard on every kind of database: against mistakes; what makes a change visible is the signed tree.</summary>
internal static class AppendOnly
{
    /// <summary>What the database says to whoever tries.</summary>
    public const string Message = "this table is append-only";

    /// <summary>Statements that are refused.</summary>
    public static readonly string[] Changes = ["UPDATE", "DELETE"];

    /// <summary>Tables of the migration Fleet that only grow; later migrations name their own.</summary>
    public static readonly string[] FleetTables = ["documents", "bundles", "device_leaves", "device_checkpoints"];
}
