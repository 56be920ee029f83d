using LocalFirst.Guard.Audit.Merkle;
using LocalFirst.Guard.Audit.Records;
using LocalFirst.Guard.Audit.Storage;
using LocalFirst.Guard.Audit.Storage.Fleet;
using Microsoft.EntityFrameworkCore;

namespace LocalFirst.Guard.Audit.Fleet;

/// <summary>The store over the one database.</summary>
internal sealed class FleetStore(FleetDatabase database) : IFleetStore
{
    /// <summary>Most exchanges in one answer: a page of the portal, with room.</summary>
    private const int DefaultMaxExchanges = 500;

    /// <summary>Decisions that one filtered search looks at: some tens of milliseconds of reading.</summary>
    private const int DefaultSearched = 5000;

    /// <summary>Decisions read at a time while searching.</summary>
    private const int DefaultSearchStep = 500;

    public Task SavePersonAsync(FleetPerson person, CancellationToken cancellation) =>
        database.AloneAsync($"person/{person.ObjectId}", async context =>
        {
            var row = await context.People.AsTracking().SingleOrDefaultAsync(p => p.ObjectId == person.ObjectId, cancellation);
            if (row is null)
            {
                row = new PersonRow { ObjectId = person.ObjectId };
                context.People.Add(row);
            }

            row.TenantId = person.TenantId;
            row.Name = person.Name;
            // One a line: a group whose name holds a line feed would be taken for two, and whoever names groups could give himself another's policy.
            row.Groups = string.Join('\n', person.Groups.Where(g => !g.Any(char.IsControl)).Order(StringComparer.Ordinal));
            row.SeenMs = Ms(person.Seen);
            return await context.SaveChangesAsync(cancellation);
        }, cancellation);

    public Task<FleetPerson?> FindPersonAsync(string objectId, CancellationToken cancellation) =>
        database.RunAsync(async context => await context.People.SingleOrDefaultAsync(p => p.ObjectId == objectId, cancellation) is { } row ? Person(row) : null);

    public Task<IReadOnlyList<FleetPerson>> ListPeopleAsync(CancellationToken cancellation) =>
        database.RunAsync<IReadOnlyList<FleetPerson>>(async context =>
            [.. (await context.People.ToListAsync(cancellation)).Select(Person).OrderBy(p => p.Name, StringComparer.OrdinalIgnoreCase).ThenBy(p => p.ObjectId, StringComparer.Ordinal)]);

    public Task EnrollAsync(FleetDevice device, CancellationToken cancellation) =>
        database.AloneAsync($"device/{device.Id}", async context =>
        {
            var row = await context.Devices.AsTracking().SingleOrDefaultAsync(d => d.Id == device.Id, cancellation);
            if (row is null)
            {
                row = new DeviceRow { Id = device.Id, PublicKey = device.PublicKey.ToArray(), EnrolledMs = Ms(device.Enrolled) };
                context.Devices.Add(row);
            }
            else if (row.RevokedMs is not null)
            {
                throw new FleetConflictException($"The device {device.Id} was revoked.\n  → Move its keys folder away, so that it becomes a new device, and enrol again; or ask who revoked it.");
            }
            else if (!row.PublicKey.AsSpan().SequenceEqual(device.PublicKey.Span))
            {
                throw new FleetConflictException($"The device {device.Id} is enrolled with another key.\n  → If its keys were lost, move the whole keys folder away, so that it becomes a new device, and enrol again.");
            }

            row.Name = device.Name;
            row.PersonId = device.PersonId;
            return await context.SaveChangesAsync(cancellation);
        }, cancellation);

    public Task<FleetDevice?> FindDeviceAsync(string id, CancellationToken cancellation) =>
        database.RunAsync(async context => await context.Devices.SingleOrDefaultAsync(d => d.Id == id, cancellation) is { } row ? Device(row) : null);

    public Task<IReadOnlyList<FleetDevice>> ListDevicesAsync(CancellationToken cancellation) =>
        database.RunAsync<IReadOnlyList<FleetDevice>>(async context =>
            [.. (await context.Devices.ToListAsync(cancellation)).Select(Device).OrderBy(d => d.Name, StringComparer.OrdinalIgnoreCase).ThenBy(d => d.Id, StringComparer.Ordinal)]);

    public Task TouchDeviceAsync(string id, DateTimeOffset seen, long? bundleVersion, CancellationToken cancellation) =>
        database.RunAsync(async context => await context.Devices.Where(d => d.Id == id).ExecuteUpdateAsync(
            set => set.SetProperty(d => d.LastSeenMs, Ms(seen)).SetProperty(d => d.BundleVersion, d => bundleVersion ?? d.BundleVersion),
            cancellation));

    public Task RevokeDeviceAsync(string id, DateTimeOffset revoked, CancellationToken cancellation) =>
        database.RunAsync(async context => await context.Devices.Where(d => d.Id == id && d.RevokedMs == null)
            .ExecuteUpdateAsync(set => set.SetProperty(d => d.RevokedMs, Ms(revoked)), cancellation));

    public Task<IReadOnlyList<FleetDocument>> ListDocumentsAsync(string kind, CancellationToken cancellation) =>
        database.RunAsync<IReadOnlyList<FleetDocument>>(async context =>
        [
            .. (await context.Documents
                .Where(d => d.Kind == kind && !context.Documents.Any(later => later.Kind == d.Kind && later.Name == d.Name && later.Version > d.Version))
                .ToListAsync(cancellation))
                .Select(Document).OrderBy(d => d.Name, StringComparer.Ordinal),
        ]);

    public Task<FleetDocument?> FindDocumentAsync(string kind, string name, CancellationToken cancellation) =>
        database.RunAsync(async context =>
            await context.Documents.Where(d => d.Kind == kind && d.Name == name).OrderByDescending(d => d.Version).FirstOrDefaultAsync(cancellation) is { } row ? Document(row) : null);

    public Task<IReadOnlyList<FleetDocument>> ReadHistoryAsync(string kind, string name, CancellationToken cancellation) =>
        database.RunAsync<IReadOnlyList<FleetDocument>>(async context =>
            [.. (await context.Documents.Where(d => d.Kind == kind && d.Name == name).OrderByDescending(d => d.Version).ToListAsync(cancellation)).Select(Document)]);

    public Task AddDocumentAsync(FleetDocument document, CancellationToken cancellation) =>
        database.AloneAsync($"document/{document.Kind}/{document.Name}", async context =>
        {
            var newest = await context.Documents.Where(d => d.Kind == document.Kind && d.Name == document.Name).MaxAsync(d => (long?)d.Version, cancellation) ?? 0;
            if (document.Version != newest + 1)
            {
                throw new FleetConflictException($"'{document.Name}' was changed meanwhile: its newest version is {newest}.\n  → Look at that version, then make your change again.");
            }

            context.Documents.Add(new DocumentRow
            {
                Kind = document.Kind,
                Name = document.Name,
                Version = document.Version,
                Text = document.Text,
                Hash = document.Hash,
                By = document.By,
                WrittenMs = Ms(document.Written),
            });
            return await context.SaveChangesAsync(cancellation);
        }, cancellation);

    public Task<long> BundleVersionAsync(string deviceId, string contentHash, DateTimeOffset issued, CancellationToken cancellation) =>
        database.AloneAsync($"bundle/{deviceId}", async context =>
        {
            var last = await context.Bundles.Where(b => b.DeviceId == deviceId).OrderByDescending(b => b.Version).FirstOrDefaultAsync(cancellation);
            if (last?.ContentHash == contentHash)
            {
                return last.Version;
            }

            var next = (last?.Version ?? 0) + 1;
            context.Bundles.Add(new BundleRow { DeviceId = deviceId, Version = next, ContentHash = contentHash, IssuedMs = Ms(issued) });
            await context.SaveChangesAsync(cancellation);
            return next;
        }, cancellation);

    public Task<IReadOnlyList<FleetExchange>> ListExchangesAsync(int max, long? before, string? deviceId, CancellationToken cancellation) =>
        database.RunAsync<IReadOnlyList<FleetExchange>>(async context =>
        {
            var end = before ?? long.MaxValue;
            var decisions = await context.DeviceLeaves
                .Where(l => l.Type == "decision" && l.Number < end && (deviceId == null || l.DeviceId == deviceId)
                    && !context.DeviceLeaves.Any(later => later.DeviceId == l.DeviceId && later.Exchange == l.Exchange && later.Type == "decision" && later.Number > l.Number))
                .OrderByDescending(l => l.Number)
                .Take(Math.Clamp(max, 1, DefaultMaxExchanges))
                .ToListAsync(cancellation);
            return await WithOutcomesAsync(context, decisions, cancellation);
        });

    public Task<FleetExchangePage> SearchExchangesAsync(FleetExchangeFilter filter, int max, long? before, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(filter);
        max = Math.Clamp(max, 1, DefaultMaxExchanges);
        return database.RunAsync(async context =>
        {
            var devices = string.IsNullOrEmpty(filter.Person) ? null : await context.Devices.Where(d => d.PersonId == filter.Person).Select(d => d.Id).ToListAsync(cancellation);
            var decisions = context.DeviceLeaves
                .Where(l => l.Type == "decision"
                    && !context.DeviceLeaves.Any(later => later.DeviceId == l.DeviceId && later.Exchange == l.Exchange && later.Type == "decision" && later.Number > l.Number));
            decisions = string.IsNullOrEmpty(filter.Device) ? decisions : decisions.Where(l => l.DeviceId == filter.Device);
            decisions = devices is null ? decisions : decisions.Where(l => devices.Contains(l.DeviceId));

            // Action and provider stand in the record's bytes alone, so they are looked for there, within a bound.
            var found = new List<DeviceLeafRow>();
            var end = before ?? long.MaxValue;
            for (var searched = 0; ;)
            {
                var from = end;
                var step = await decisions.Where(l => l.Number < from).OrderByDescending(l => l.Number).Take(DefaultSearchStep).ToListAsync(cancellation);
                foreach (var leaf in step)
                {
                    if (!Fits(leaf, filter))
                    {
                        continue;
                    }

                    if (found.Count == max)
                    {
                        return new FleetExchangePage(await WithOutcomesAsync(context, found, cancellation), found[^1].Number, false);
                    }

                    found.Add(leaf);
                }

                searched += step.Count;
                if (step.Count < DefaultSearchStep)
                {
                    return new FleetExchangePage(await WithOutcomesAsync(context, found, cancellation), null, false);
                }

                end = step[^1].Number;
                if (searched >= DefaultSearched)
                {
                    return new FleetExchangePage(await WithOutcomesAsync(context, found, cancellation), end, true);
                }
            }
        });
    }

    public Task<FleetLeaf?> FindLeafAsync(string deviceId, long epoch, long index, CancellationToken cancellation) =>
        database.RunAsync(async context => await context.DeviceLeaves.SingleOrDefaultAsync(l => l.DeviceId == deviceId && l.Epoch == epoch && l.Index == index, cancellation) is { } row
            ? new FleetLeaf(row.DeviceId, row.Epoch, row.Index, row.Hash, row.Record, RecordReader.ReadOrUnknown(row.Record), MerkleHash.Leaf(row.Record).AsSpan().SequenceEqual(row.Hash))
            : null);

    public Task<IReadOnlyDictionary<string, long>> NewestBundlesAsync(CancellationToken cancellation) =>
        database.RunAsync<IReadOnlyDictionary<string, long>>(async context =>
            await context.Bundles.GroupBy(b => b.DeviceId).Select(g => new { Device = g.Key, Version = g.Max(b => b.Version) }).ToDictionaryAsync(b => b.Device, b => b.Version, cancellation));

    public Task<FleetExchange?> FindExchangeAsync(string deviceId, string exchange, CancellationToken cancellation) =>
        database.RunAsync(async context =>
        {
            var decision = await context.DeviceLeaves.Where(l => l.DeviceId == deviceId && l.Exchange == exchange && l.Type == "decision")
                .OrderByDescending(l => l.Number).FirstOrDefaultAsync(cancellation);
            return decision is null ? null : (await WithOutcomesAsync(context, [decision], cancellation)).SingleOrDefault();
        });

    public Task CheckAsync(CancellationToken cancellation) =>
        database.RunAsync(async context =>
        {
            // A standby answers questions, and takes in nothing.
            if (context is PostgreSqlGuardDbContext && await context.Database.SqlQuery<string>($"SELECT current_setting('transaction_read_only') AS \"Value\"").SingleAsync(cancellation) == "on")
            {
                throw new AuditException("The database is read-only.\n  → Connect to the primary: this is a standby, or default_transaction_read_only is on.");
            }

            return await context.Devices.Take(1).CountAsync(cancellation);
        });

    private static bool Fits(DeviceLeafRow leaf, FleetExchangeFilter filter) =>
        (string.IsNullOrEmpty(filter.Action) && string.IsNullOrEmpty(filter.Provider))
        || (RecordReader.ReadOrUnknown(leaf.Record) is DecisionRecord decision
            && (string.IsNullOrEmpty(filter.Action) || decision.Action == filter.Action)
            && (string.IsNullOrEmpty(filter.Provider) || decision.Provider == filter.Provider));

    private static async Task<IReadOnlyList<FleetExchange>> WithOutcomesAsync(GuardDbContext context, List<DeviceLeafRow> decisions, CancellationToken cancellation)
    {
        // Only the last outcome of each, found by the database: a device may have written a million, under an id that another device uses as well.
        var ids = decisions.Select(d => d.Exchange).Distinct().ToList();
        var owners = decisions.Select(d => d.DeviceId).Distinct().ToList();
        var last = context.DeviceLeaves.Where(l => l.Type == "outcome" && owners.Contains(l.DeviceId) && ids.Contains(l.Exchange))
            .GroupBy(l => new { l.DeviceId, l.Exchange }).Select(g => g.Max(l => l.Number));
        var outcomes = (await context.DeviceLeaves.Where(l => last.Contains(l.Number)).ToListAsync(cancellation)).ToDictionary(l => (l.DeviceId, l.Exchange));
        var devices = await context.Devices.ToDictionaryAsync(d => d.Id, cancellation);
        var people = await context.People.ToDictionaryAsync(p => p.ObjectId, p => p.Name, cancellation);
        var exchanges = new List<FleetExchange>();
        foreach (var leaf in decisions)
        {
            if (RecordReader.ReadOrUnknown(leaf.Record) is DecisionRecord decision)
            {
                var outcome = outcomes.GetValueOrDefault((leaf.DeviceId, leaf.Exchange));
                var entry = new ExchangeEntry(decision, leaf.Number, outcome is null ? null : RecordReader.ReadOrUnknown(outcome.Record) as OutcomeRecord, leaf.Epoch, leaf.Index);
                var device = devices.GetValueOrDefault(leaf.DeviceId);
                exchanges.Add(new FleetExchange(leaf.DeviceId, device?.Name ?? "", people.GetValueOrDefault(device?.PersonId ?? "") ?? "", entry));
            }
        }

        return exchanges;
    }

    private static FleetPerson Person(PersonRow row) =>
        new(row.ObjectId, row.TenantId, row.Name, row.Groups.Split('\n', StringSplitOptions.RemoveEmptyEntries), Time(row.SeenMs));

    private static FleetDevice Device(DeviceRow row) =>
        new(row.Id, row.Name, row.PublicKey, row.PersonId, Time(row.EnrolledMs), row.LastSeenMs is { } seen ? Time(seen) : null, row.BundleVersion, row.RevokedMs is { } revoked ? Time(revoked) : null);

    private static FleetDocument Document(DocumentRow row) => new(row.Kind, row.Name, row.Version, row.Text, row.Hash, row.By, Time(row.WrittenMs));

    private static long Ms(DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    private static DateTimeOffset Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms);
}
