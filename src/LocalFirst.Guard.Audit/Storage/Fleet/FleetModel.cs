using Microsoft.EntityFrameworkCore;

namespace LocalFirst.Guard.Audit.Storage.Fleet;

/// <summary>The tables of a fleet's server. A laptop's database has them too, empty: one model, one set of migrations.</summary>
internal static class FleetModel
{
    public static void Configure(ModelBuilder model)
    {
        model.Entity<PersonRow>(person =>
        {
            person.ToTable("people");
            person.HasKey(p => p.ObjectId);
            person.Property(p => p.ObjectId).HasColumnName("object_id");
            person.Property(p => p.TenantId).HasColumnName("tenant_id");
            person.Property(p => p.Name).HasColumnName("name");
            person.Property(p => p.Groups).HasColumnName("groups");
            person.Property(p => p.SeenMs).HasColumnName("seen_ms");
        });
        model.Entity<DeviceRow>(device =>
        {
            device.ToTable("devices");
            device.HasKey(d => d.Id);
            device.Property(d => d.Id).HasColumnName("id");
            device.Property(d => d.Name).HasColumnName("name");
            device.Property(d => d.PublicKey).HasColumnName("public_key");
            device.Property(d => d.PersonId).HasColumnName("person_id");
            device.Property(d => d.EnrolledMs).HasColumnName("enrolled_ms");
            device.Property(d => d.LastSeenMs).HasColumnName("last_seen_ms");
            device.Property(d => d.BundleVersion).HasColumnName("bundle_version");
            device.Property(d => d.RevokedMs).HasColumnName("revoked_ms");
        });
        model.Entity<DocumentRow>(document =>
        {
            document.ToTable("documents");
            document.HasKey(d => new { d.Kind, d.Name, d.Version });
            document.Property(d => d.Kind).HasColumnName("kind");
            document.Property(d => d.Name).HasColumnName("name");
            document.Property(d => d.Version).HasColumnName("version");
            document.Property(d => d.Text).HasColumnName("text");
            document.Property(d => d.Hash).HasColumnName("hash");
            document.Property(d => d.By).HasColumnName("written_by");
            document.Property(d => d.WrittenMs).HasColumnName("written_ms");
        });
        model.Entity<BundleRow>(bundle =>
        {
            bundle.ToTable("bundles");
            bundle.HasKey(b => new { b.DeviceId, b.Version });
            bundle.Property(b => b.DeviceId).HasColumnName("device_id");
            bundle.Property(b => b.Version).HasColumnName("version");
            bundle.Property(b => b.ContentHash).HasColumnName("content_hash");
            bundle.Property(b => b.IssuedMs).HasColumnName("issued_ms");
        });
        model.Entity<DeviceLogRow>(log =>
        {
            log.ToTable("device_logs");
            log.HasKey(l => new { l.DeviceId, l.Epoch });
            log.Property(l => l.DeviceId).HasColumnName("device_id");
            log.Property(l => l.Epoch).HasColumnName("epoch");
            log.Property(l => l.StoredSize).HasColumnName("stored_size");
            log.Property(l => l.Tree).HasColumnName("tree");
            log.Property(l => l.PendingSize).HasColumnName("pending_size");
            log.Property(l => l.PendingNote).HasColumnName("pending_note");
            log.Property(l => l.CosignedNote).HasColumnName("cosigned_note");
            log.Property(l => l.ForkNote).HasColumnName("fork_note");
        });
        model.Entity<DeviceLeafRow>(leaf =>
        {
            leaf.ToTable("device_leaves");
            leaf.HasKey(l => l.Number);
            leaf.Property(l => l.Number).HasColumnName("number").ValueGeneratedOnAdd();
            leaf.Property(l => l.DeviceId).HasColumnName("device_id");
            leaf.Property(l => l.Epoch).HasColumnName("epoch");
            leaf.Property(l => l.Index).HasColumnName("leaf_index");
            leaf.Property(l => l.Hash).HasColumnName("leaf_hash");
            leaf.Property(l => l.Record).HasColumnName("record");
            leaf.Property(l => l.Type).HasColumnName("type");
            leaf.Property(l => l.Exchange).HasColumnName("exchange");
            leaf.Property(l => l.TimeMs).HasColumnName("time_ms");
            leaf.HasIndex(l => new { l.DeviceId, l.Epoch, l.Index }).IsUnique().HasDatabaseName("device_leaves_place");
            leaf.HasIndex(l => new { l.DeviceId, l.Exchange }).HasDatabaseName("device_leaves_exchange");
            leaf.HasIndex(l => l.TimeMs).HasDatabaseName("device_leaves_time");
        });
        model.Entity<DeviceCheckpointRow>(checkpoint =>
        {
            checkpoint.ToTable("device_checkpoints");
            checkpoint.HasKey(c => new { c.DeviceId, c.Epoch, c.Size });
            checkpoint.Property(c => c.DeviceId).HasColumnName("device_id");
            checkpoint.Property(c => c.Epoch).HasColumnName("epoch");
            checkpoint.Property(c => c.Size).HasColumnName("size");
            checkpoint.Property(c => c.Note).HasColumnName("note");
        });
        model.Entity<OtherCheckpointRow>(checkpoint =>
        {
            checkpoint.ToTable("device_other_checkpoints");
            checkpoint.HasKey(c => new { c.DeviceId, c.Epoch, c.Size, c.Root });
            checkpoint.Property(c => c.DeviceId).HasColumnName("device_id");
            checkpoint.Property(c => c.Epoch).HasColumnName("epoch");
            checkpoint.Property(c => c.Size).HasColumnName("size");
            checkpoint.Property(c => c.Root).HasColumnName("root");
            checkpoint.Property(c => c.Note).HasColumnName("note");
            checkpoint.Property(c => c.SeenMs).HasColumnName("seen_ms");
        });
    }
}
