#nullable enable
using LocalFirst.Guard.Audit.Storage;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace LocalFirst.Guard.Audit.Migrations.Sqlite;

/// <summary>The tables of a fleet's server.</summary>
[DbContext(typeof(SqliteGuardDbContext))]
[Migration("20261123000000_Fleet")]
internal sealed class Fleet : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql(
            """
            CREATE TABLE people (
                object_id TEXT NOT NULL CONSTRAINT PK_people PRIMARY KEY,
                tenant_id TEXT NOT NULL,
                name TEXT NOT NULL,
                groups TEXT NOT NULL,
                seen_ms INTEGER NOT NULL
            ) STRICT;
            CREATE TABLE devices (
                id TEXT NOT NULL CONSTRAINT PK_devices PRIMARY KEY,
                name TEXT NOT NULL,
                public_key BLOB NOT NULL CHECK (length(public_key) = 32),
                person_id TEXT NOT NULL,
                enrolled_ms INTEGER NOT NULL,
                last_seen_ms INTEGER NULL,
                bundle_version INTEGER NULL,
                revoked_ms INTEGER NULL
            ) STRICT;
            CREATE TABLE documents (
                kind TEXT NOT NULL,
                name TEXT NOT NULL,
                version INTEGER NOT NULL CHECK (version > 0),
                text TEXT NOT NULL,
                hash TEXT NOT NULL,
                written_by TEXT NOT NULL,
                written_ms INTEGER NOT NULL,
                CONSTRAINT PK_documents PRIMARY KEY (kind, name, version)
            ) STRICT, WITHOUT ROWID;
            CREATE TABLE bundles (
                device_id TEXT NOT NULL,
                version INTEGER NOT NULL CHECK (version > 0),
                content_hash TEXT NOT NULL,
                issued_ms INTEGER NOT NULL,
                CONSTRAINT PK_bundles PRIMARY KEY (device_id, version)
            ) STRICT, WITHOUT ROWID;
            CREATE TABLE device_logs (
                device_id TEXT NOT NULL,
                epoch INTEGER NOT NULL,
                stored_size INTEGER NOT NULL,
                tree BLOB NOT NULL,
                pending_size INTEGER NOT NULL,
                pending_note TEXT NOT NULL,
                cosigned_note TEXT NOT NULL,
                fork_note TEXT NOT NULL,
                CONSTRAINT PK_device_logs PRIMARY KEY (device_id, epoch)
            ) STRICT, WITHOUT ROWID;
            CREATE TABLE device_leaves (
                number INTEGER NOT NULL CONSTRAINT PK_device_leaves PRIMARY KEY AUTOINCREMENT,
                device_id TEXT NOT NULL,
                epoch INTEGER NOT NULL,
                leaf_index INTEGER NOT NULL,
                leaf_hash BLOB NOT NULL CHECK (length(leaf_hash) = 32),
                record BLOB NOT NULL CHECK (length(record) < 4096),
                type TEXT NOT NULL,
                exchange TEXT NULL,
                time_ms INTEGER NOT NULL
            ) STRICT;
            CREATE UNIQUE INDEX device_leaves_place ON device_leaves (device_id, epoch, leaf_index);
            CREATE INDEX device_leaves_exchange ON device_leaves (device_id, exchange);
            CREATE INDEX device_leaves_time ON device_leaves (time_ms);
            CREATE TABLE device_checkpoints (
                device_id TEXT NOT NULL,
                epoch INTEGER NOT NULL,
                size INTEGER NOT NULL,
                note TEXT NOT NULL,
                CONSTRAINT PK_device_checkpoints PRIMARY KEY (device_id, epoch, size)
            ) STRICT, WITHOUT ROWID;
            """);
        foreach (var table in AppendOnly.FleetTables)
        {
            foreach (var change in AppendOnly.Changes)
            {
                migrationBuilder.Sql(
                    $"CREATE TRIGGER {table}_no_{change.ToLowerInvariant()} BEFORE {change} ON {table} BEGIN SELECT RAISE(ABORT, '{AppendOnly.Message}'); END;");
            }
        }
    }

    protected override void Down(MigrationBuilder migrationBuilder) =>
        throw new NotSupportedException("An audit log is not taken down.");
}
