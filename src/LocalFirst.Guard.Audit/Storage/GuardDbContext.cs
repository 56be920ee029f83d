using LocalFirst.Guard.Audit.Storage.Fleet;
using Microsoft.EntityFrameworkCore;

namespace LocalFirst.Guard.Audit.Storage;

/// <summary>
/// The only database of broker and server: one model, and one set of migrations for each kind of database (a type each, as EF Core wants it:
/// "Migrations with Multiple Providers"). Tables are made by the migrations; their triggers refuse changes of what was written.
/// </summary>
internal abstract class GuardDbContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<LeafRow> Leaves => Set<LeafRow>();

    public DbSet<CheckpointRow> Checkpoints => Set<CheckpointRow>();

    public DbSet<PersonRow> People => Set<PersonRow>();

    public DbSet<DeviceRow> Devices => Set<DeviceRow>();

    public DbSet<DocumentRow> Documents => Set<DocumentRow>();

    public DbSet<BundleRow> Bundles => Set<BundleRow>();

    public DbSet<DeviceLogRow> DeviceLogs => Set<DeviceLogRow>();

    public DbSet<DeviceLeafRow> DeviceLeaves => Set<DeviceLeafRow>();

    public DbSet<DeviceCheckpointRow> DeviceCheckpoints => Set<DeviceCheckpointRow>();

    public DbSet<OtherCheckpointRow> OtherCheckpoints => Set<OtherCheckpointRow>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<LeafRow>(leaf =>
        {
            leaf.ToTable("leaves");
            leaf.HasKey(l => l.Sequence);
            leaf.Property(l => l.Sequence).HasColumnName("sequence").ValueGeneratedNever();
            leaf.Property(l => l.Epoch).HasColumnName("epoch");
            leaf.Property(l => l.Index).HasColumnName("leaf_index");
            leaf.Property(l => l.Hash).HasColumnName("leaf_hash");
            leaf.Property(l => l.Record).HasColumnName("record");
            leaf.Property(l => l.Type).HasColumnName("type");
            leaf.Property(l => l.Exchange).HasColumnName("exchange");
            leaf.Property(l => l.TimeMs).HasColumnName("time_ms");
            leaf.HasIndex(l => new { l.Epoch, l.Index }).IsUnique().HasDatabaseName("leaves_epoch_index");
            leaf.HasIndex(l => l.Exchange).HasDatabaseName("leaves_exchange");
        });
        modelBuilder.Entity<CheckpointRow>(checkpoint =>
        {
            checkpoint.ToTable("checkpoints");
            checkpoint.HasKey(c => new { c.Epoch, c.Size });
            checkpoint.Property(c => c.Epoch).HasColumnName("epoch");
            checkpoint.Property(c => c.Size).HasColumnName("size");
            checkpoint.Property(c => c.Note).HasColumnName("note");
        });
        FleetModel.Configure(modelBuilder);
    }
}

/// <summary>The database as an SQLite file.</summary>
internal sealed class SqliteGuardDbContext(DbContextOptions<SqliteGuardDbContext> options) : GuardDbContext(options);

/// <summary>The database on a PostgreSQL server.</summary>
internal sealed class PostgreSqlGuardDbContext(DbContextOptions<PostgreSqlGuardDbContext> options) : GuardDbContext(options);
