using System.Runtime.CompilerServices;
using LocalFirst.Guard.Audit.Merkle;
using LocalFirst.Guard.Audit.Notes;
using LocalFirst.Guard.Audit.Records;
using LocalFirst.Guard.Audit.Storage.Fleet;
using Microsoft.EntityFrameworkCore;
using NSec.Cryptography;

namespace LocalFirst.Guard.Audit.Fleet;

/// <summary>The records of every device, as far as they were uploaded and verified.</summary>
internal sealed class FleetRecordSource(FleetDatabase database) : IRecordSource
{
    public async IAsyncEnumerable<SourcedRecord> ReadAsync(DateTimeOffset since, DateTimeOffset until, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var (from, to) = (since.ToUnixTimeMilliseconds(), until.ToUnixTimeMilliseconds());
        var names = await database.RunAsync(async context =>
        {
            var people = await context.People.ToDictionaryAsync(p => p.ObjectId, p => p.Name, cancellation);
            return (await context.Devices.ToListAsync(cancellation)).ToDictionary(d => d.Id, d => people.GetValueOrDefault(d.PersonId));
        });
        var leaves = database.StreamAsync(
            context => context.DeviceLeaves.Where(l => l.TimeMs >= from && l.TimeMs < to).OrderBy(l => l.DeviceId).ThenBy(l => l.Epoch).ThenBy(l => l.Index),
            cancellation);
        await foreach (var leaf in leaves)
        {
            yield return new SourcedRecord(leaf.DeviceId, names.GetValueOrDefault(leaf.DeviceId), leaf.Epoch, leaf.Index, RecordReader.ReadOrUnknown(leaf.Record), leaf.Record);
        }
    }

    public Task<IReadOnlyList<LogHead>> HeadsAsync(CancellationToken cancellation) =>
        database.RunAsync<IReadOnlyList<LogHead>>(async context =>
        {
            var devices = await context.Devices.ToDictionaryAsync(d => d.Id, cancellation);
            var logs = await context.DeviceLogs.OrderBy(l => l.DeviceId).ThenBy(l => l.Epoch).ToListAsync(cancellation);
            var firsts = (await context.DeviceLeaves.Where(l => l.Index == 0).ToListAsync(cancellation)).ToDictionary(l => (l.DeviceId, l.Epoch));
            return [.. logs.Where(l => devices.ContainsKey(l.DeviceId)).Select(l => Head(l, devices[l.DeviceId], logs, firsts.GetValueOrDefault((l.DeviceId, l.Epoch))))];
        });

    public IAsyncEnumerable<byte[]> LeafHashesAsync(string device, long epoch, long size, CancellationToken cancellation) =>
        database.StreamAsync(context => context.DeviceLeaves.Where(l => l.DeviceId == device && l.Epoch == epoch && l.Index < size).OrderBy(l => l.Index).Select(l => l.Hash), cancellation);

    private static LogHead Head(DeviceLogRow log, DeviceRow device, List<DeviceLogRow> logs, DeviceLeafRow? first)
    {
        var key = new VerifierKey(new LogOrigin(log.DeviceId, log.Epoch).ToString(), PublicKey.Import(SignatureAlgorithm.Ed25519, device.PublicKey, KeyBlobFormat.RawPublicKey));
        var root = CompactRange.FromBytes(log.Tree, log.StoredSize).Root();
        return new LogHead(log.DeviceId, device.Name, log.Epoch, log.StoredSize, Convert.ToBase64String(root), log.CosignedNote, key.ToString(), Failure(log, logs, first));
    }

    private static string? Failure(DeviceLogRow log, List<DeviceLogRow> logs, DeviceLeafRow? first)
    {
        if (log.ForkNote.Length > 0)
        {
            return "FORK: the device signed two different histories of one length; both checkpoints are kept as evidence.";
        }

        var before = logs.LastOrDefault(l => l.DeviceId == log.DeviceId && l.Epoch < log.Epoch);
        if (before is null && log.Epoch == 1)
        {
            return null;
        }

        if (first is null)
        {
            return log.PendingSize > 0 ? "GAP: the first record of this epoch, which says what came before it, has not arrived yet." : null;
        }

        if (RecordReader.ReadOrUnknown(first.Record) is not EpochRecord epoch)
        {
            return "GAP: this epoch does not begin with the record that says what came before it.";
        }

        var claimed = SizeOf(epoch.Previous);
        return before is not null && claimed < before.PendingSize
            ? $"GAP: the epoch began anew ({epoch.Reason}) and claims {claimed} records before it; the device had signed {before.PendingSize}."
            : before is null || before.StoredSize < claimed
                ? $"GAP: the epoch began anew ({epoch.Reason}); of the {claimed} records before it, {before?.StoredSize ?? 0} arrived."
                : null;
    }

    private static long SizeOf(string? note)
    {
        try
        {
            return note is null ? 0 : Checkpoint.Parse(SignedNote.Parse(note).Text).Size;
        }
        catch (FormatException)
        {
            return 0;
        }
    }
}
