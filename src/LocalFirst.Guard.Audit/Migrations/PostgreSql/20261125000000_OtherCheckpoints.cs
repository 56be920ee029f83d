#nullable enable
using LocalFirst.Guard.Audit.Storage;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace LocalFirst.Guard.Audit.Migrations.PostgreSql;

/// <summary>Checkpoints that may prove two histories.</summary>
[DbContext(typeof(PostgreSqlGuardDbContext))]
[Migration("20261125000000_OtherCheckpoints")]
internal sealed class OtherCheckpoints : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.Sql(
            """
            CREATE TABLE device_other_checkpoints (
                device_id text NOT NULL,
                epoch bigint NOT NULL,
                size bigint NOT NULL,
                root text NOT NULL,
                note text NOT NULL,
                seen_ms bigint NOT NULL,
                CONSTRAINT "PK_device_other_checkpoints" PRIMARY KEY (device_id, epoch, size, root)
            );
            """);
        migrationBuilder.Sql("CREATE TRIGGER device_other_checkpoints_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON device_other_checkpoints EXECUTE FUNCTION guard_append_only();");
    }

    protected override void Down(MigrationBuilder migrationBuilder) =>
        throw new NotSupportedException("An audit log is not taken down.");
}
