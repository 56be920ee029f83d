#nullable enable
using LocalFirst.Guard.Audit.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace LocalFirst.Guard.Audit.Migrations.Sqlite;

/// <summary>The model after the last migration: EF Core compares it with the code and refuses to open when a migration was forgotten.</summary>
[DbContext(typeof(GuardDbContext))]
internal sealed class GuardDbContextModelSnapshot : ModelSnapshot
{
    protected override void BuildModel(ModelBuilder modelBuilder)
    {
        modelBuilder.HasAnnotation("ProductVersion", "10.0.15");
        modelBuilder.Entity("LocalFirst.Guard.Audit.Storage.CheckpointRow", b =>
        {
            b.Property<long>("Epoch").HasColumnType("INTEGER").HasColumnName("epoch");
            b.Property<long>("Size").HasColumnType("INTEGER").HasColumnName("size");
            b.Property<string>("Note").IsRequired().HasColumnType("TEXT").HasColumnName("note");
            b.HasKey("Epoch", "Size");
            b.ToTable("checkpoints", (string?)null);
        });
        modelBuilder.Entity("LocalFirst.Guard.Audit.Storage.LeafRow", b =>
        {
            b.Property<long>("Sequence").HasColumnType("INTEGER").HasColumnName("sequence");
            b.Property<long>("Epoch").HasColumnType("INTEGER").HasColumnName("epoch");
            b.Property<string>("Exchange").HasColumnType("TEXT").HasColumnName("exchange");
            b.Property<byte[]>("Hash").IsRequired().HasColumnType("BLOB").HasColumnName("leaf_hash");
            b.Property<long>("Index").HasColumnType("INTEGER").HasColumnName("leaf_index");
            b.Property<byte[]>("Record").IsRequired().HasColumnType("BLOB").HasColumnName("record");
            b.Property<long>("TimeMs").HasColumnType("INTEGER").HasColumnName("time_ms");
            b.Property<string>("Type").IsRequired().HasColumnType("TEXT").HasColumnName("type");
            b.HasKey("Sequence");
            b.HasIndex("Exchange").HasDatabaseName("leaves_exchange");
            b.HasIndex("Epoch", "Index").IsUnique().HasDatabaseName("leaves_epoch_index");
            b.ToTable("leaves", (string?)null);
        });
    }
}
