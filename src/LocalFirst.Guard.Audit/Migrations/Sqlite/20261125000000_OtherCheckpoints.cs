#nullable enable
using LocalFirst.Guard.Audit.Storage;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace LocalFirst.Guard.Audit.Migrations.Sqlite;

/// <summary>Checkpoints that may prove two histories.</summary>
[DbContext(typeof(SqliteGuardDbContext))]
[Migration("20261125000000_OtherCheckpoints")]
internal sealed class OtherCheckpoints : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql(
            """
            CREATE TABLE device_other_checkpoints (
                device_id TEXT NOT NULL,
                epoch INTEGER NOT NULL,
                size INTEGER NOT NULL,
                root TEXT NOT NULL,
                note TEXT NOT NULL,
                seen_ms INTEGER NOT NULL,
                CONSTRAINT PK_device_other_checkpoints PRIMARY KEY (device_id, epoch, size, root)
            ) STRICT, WITHOUT ROWID;
            """);
        foreach (var change in AppendOnly.Changes)
        {
            migrationBuilder.Sql(
                $"CREATE TRIGGER device_other_checkpoints_no_{change.ToLowerInvariant()} BEFORE {change} ON device_other_checkpoints BEGIN SELECT RAISE(ABORT, '{AppendOnly.Message}'); END;");
        }
    }

    protected override void Down(MigrationBuilder migrationBuilder) =>
        throw new NotSupportedException("An audit log is not taken down.");
}
