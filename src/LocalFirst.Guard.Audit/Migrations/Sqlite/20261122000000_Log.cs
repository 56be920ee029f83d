#nullable enable
using LocalFirst.Guard.Audit.Storage;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace LocalFirst.Guard.Audit.Migrations.Sqlite;

/// <summary>
/// Leaves and checkpoints. Written as SQL because EF Core has no words for STRICT tables (sqlite.org/stricttables.html) and triggers. The triggers
/// are guard rails against mistakes; what makes a change visible is the signed tree.
/// </summary>
[DbContext(typeof(SqliteGuardDbContext))]
[Migration("20261122000000_Log")]
internal sealed class Log : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql(
            """
            CREATE TABLE leaves (
                sequence INTEGER NOT NULL CONSTRAINT PK_leaves PRIMARY KEY,
                epoch INTEGER NOT NULL,
                leaf_index INTEGER NOT NULL,
                leaf_hash BLOB NOT NULL CHECK (length(leaf_hash) = 32),
                record BLOB NOT NULL CHECK (length(record) < 4096),
                type TEXT NOT NULL,
                exchange TEXT NULL,
                time_ms INTEGER NOT NULL
            ) STRICT;
            """);
        migrationBuilder.Sql("CREATE UNIQUE INDEX leaves_epoch_index ON leaves (epoch, leaf_index);");
        migrationBuilder.Sql("CREATE INDEX leaves_exchange ON leaves (exchange);");
        migrationBuilder.Sql(
            """
            CREATE TABLE checkpoints (
                epoch INTEGER NOT NULL,
                size INTEGER NOT NULL,
                note TEXT NOT NULL,
                CONSTRAINT PK_checkpoints PRIMARY KEY (epoch, size)
            ) STRICT, WITHOUT ROWID;
            """);
        foreach (var table in new[] { "leaves", "checkpoints" })
        {
            foreach (var change in new[] { "UPDATE", "DELETE" })
            {
                migrationBuilder.Sql(
                    $"CREATE TRIGGER {table}_no_{change.ToLowerInvariant()} BEFORE {change} ON {table} BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;");
            }
        }
    }

    protected override void Down(MigrationBuilder migrationBuilder) =>
        throw new NotSupportedException("An audit log is not taken down.");
}
