using System.Runtime.CompilerServices;
using LocalFirst.Guard.Audit.Notes;
using LocalFirst.Guard.Audit.Records;
using LocalFirst.Guard.Audit.Storage.Fleet;
using Microsoft.EntityFrameworkCore;
using NSec.Cryptography;

namespace LocalFirst.Guard.Audit.Fleet;

/// <summary>The records of every device, as far as they were uploaded and verified.</summary>
internal sealed class FleetRecordSource(FleetDatabase database) : IRecordSource
{
    private readonly DeviceRoots _roots = new();

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
            var firsts = (await context.DeviceLeaves.Where(l => l.Index == 0 && l.Epoch > 1).ToListAsync(cancellation)).ToDictionary(l => (l.DeviceId, l.Epoch));
            var others = (await context.OtherCheckpoints.Select(o => new { o.DeviceId, o.Epoch, o.Size }).ToListAsync(cancellation)).ToLookup(o => (o.DeviceId, o.Epoch), o => o.Size);
            var heads = new List<LogHead>();
            foreach (var ofDevice in logs.GroupBy(l => l.DeviceId))
            {
                var earlier = new List<DeviceLogRow>();
                foreach (var log in ofDevice.Where(_ => devices.ContainsKey(ofDevice.Key)))
                {
                    var succession = new EpochSuccession(log, firsts.GetValueOrDefault((log.DeviceId, log.Epoch)), [.. earlier], devices[log.DeviceId], (of, size) => _roots.AtAsync(context, of, size, cancellation));
                    heads.Add(Head(log, devices[log.DeviceId], Failure(log, others[(log.DeviceId, log.Epoch)]) ?? await succession.FailureAsync()));
                    earlier.Add(log);
                }
            }

            return heads;
        });

    public IAsyncEnumerable<byte[]> LeafHashesAsync(string device, long epoch, long size, CancellationToken cancellation) =>
        database.StreamAsync(context => context.DeviceLeaves.Where(l => l.DeviceId == device && l.Epoch == epoch && l.Index < size).OrderBy(l => l.Index).Select(l => l.Hash), cancellation);

    private static LogHead Head(DeviceLogRow log, DeviceRow device, string? failure)
    {
        var key = new VerifierKey(new LogOrigin(log.DeviceId, log.Epoch).ToString(), PublicKey.Import(SignatureAlgorithm.Ed25519, device.PublicKey, KeyBlobFormat.RawPublicKey));
        var (size, root) = LogHead.CoveredBy(log.CosignedNote);
        return new LogHead(log.DeviceId, device.Name, log.Epoch, log.StoredSize, size, root, log.CosignedNote, key.ToString(), failure);
    }

    /// <summary>What is wrong with the epoch by itself.</summary>
    private static string? Failure(DeviceLogRow log, IEnumerable<long> otherSizes)
    {
        if (log.ForkNote.Length > 0)
        {
            return $"{FailureClass.Fork}: the device signed two different histories of one length; both checkpoints are kept as evidence.";
        }

        var (covered, root) = LogHead.CoveredBy(log.CosignedNote);
        if (covered > log.StoredSize || (covered == log.StoredSize && covered > 0 && root != Convert.ToBase64String(DeviceRoots.Of(log))))
        {
            return $"{FailureClass.RootMismatch}: the stored tree is not the one that this server cosigned: its database was changed or put back.";
        }

        return otherSizes.Where(s => s > log.StoredSize).Order().Cast<long?>().FirstOrDefault() is { } unproven
            ? $"{FailureClass.Unproven}: the device signed a checkpoint of {unproven} records besides its others; whether it is of the same history is known when so many have arrived ({log.StoredSize} have)."
            : null;
    }
}
