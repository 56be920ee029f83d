using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Audit.Ingest;
using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.Audit.Notes;
using NSec.Cryptography;
using Xunit;

namespace LocalFirst.Guard.Tests.Audit.Fleet;

public sealed class LogIngestOnSqliteTests(SqliteDatabases databases) : LogIngestTests(databases), IClassFixture<SqliteDatabases>;

public sealed class LogIngestOnPostgreSqlTests(PostgreSqlDatabases databases) : LogIngestTests(databases), IClassFixture<PostgreSqlDatabases>;

/// <summary>Upload and its verification, with a real device's log on one side and a real database on the other.</summary>
public abstract class LogIngestTests(FleetDatabases databases) : IDisposable
{
    private readonly TempLog _device = new();
    private readonly Key _key = Key.Create(SignatureAlgorithm.Ed25519);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _device.Dispose();
        _key.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_whole_log_arrives_and_is_cosigned()
    {
        await _device.WriteExchangesAsync(300);
        var (database, ingest, source, id) = await OpenAsync();

        var line = await UploadAsync(ingest, source, id);

        var head = Assert.Single(await database.Records.HeadsAsync(Stop));
        Assert.Equal((600, 600), (head.StoredSize, head.CoveredSize));
        Assert.Null(head.Failure);
        Assert.EndsWith(line, head.Checkpoint, StringComparison.Ordinal);
        var note = SignedNote.Parse(head.Checkpoint);
        Assert.Equal(NoteVerdict.Good, note.Verify(VerifierKey.Parse(head.VerifierKey)));
        Assert.NotNull(CosignatureKey.Parse(Cosigner.VerifierKey).Verify(note));
        Assert.Equal(head.CoveredRootHash, Convert.ToBase64String(Checkpoint.Parse(note.Text).Root));
    }

    [Fact]
    public async Task What_arrived_is_byte_for_byte_what_the_device_wrote()
    {
        await _device.WriteExchangesAsync(20);
        var (database, ingest, source, id) = await OpenAsync();
        await UploadAsync(ingest, source, id);

        var here = await CollectAsync(database.Records);
        var there = await CollectAsync(await _device.ReadAsync());

        Assert.Equal(there.Select(r => Convert.ToHexString(r.Canonical.Span)), here.Select(r => Convert.ToHexString(r.Canonical.Span)));
        Assert.All(here, r => Assert.Equal("ada@example.test", r.Person));
        Assert.Equal(20, (await database.Store.ListExchangesAsync(100, null, null, Stop)).Count(e => e.Entry.Outcome is not null));
    }

    [Fact]
    public async Task Cut_off_anywhere_and_repeated_nothing_is_lost_and_nothing_doubled()
    {
        await _device.WriteExchangesAsync(700);
        var (database, ingest, source, id) = await OpenAsync();
        var random = new Random(7);
        await SendCheckpointAsync(ingest, source, id, 0);
        for (long next = 0; next < 1400;)
        {
            var start = random.Next(3) == 0 ? random.NextInt64(next + 1) : next;
            var body = await source.EntriesAsync(1, start, 1400, Stop);
            var answer = await ingest.AddEntriesAsync(id, body.AsMemory(0, random.Next(2) == 0 ? body.Length : random.Next(body.Length)), Stop);
            Assert.Contains(answer.Status, new[] { 200, 202, 400, 409 });
            next = (await database.Records.HeadsAsync(Stop))[0].StoredSize;
        }

        var again = await ingest.AddEntriesAsync(id, await source.EntriesAsync(1, 1100, 1400, Stop), Stop);

        Assert.Equal(200, again.Status);
        Assert.Equal(1400, (await CollectAsync(database.Records)).Count);
        Assert.Equal(Enumerable.Range(0, 1400).Select(i => (long)i), (await CollectAsync(database.Records)).Select(r => r.LeafIndex));
    }

    [Fact]
    public async Task A_growing_log_continues_with_consistency_proofs()
    {
        var (database, ingest, source, id) = await OpenAsync(exchanges: 1);
        for (var round = 0; round < 6; round++)
        {
            await _device.WriteExchangesAsync(40 * round, $"R{round}");
            await UploadAsync(ingest, source, id);
        }

        var head = Assert.Single(await database.Records.HeadsAsync(Stop));
        Assert.Equal(2 + (2 * 40 * 15), head.StoredSize);
        Assert.Null(head.Failure);
    }

    [Fact]
    public async Task A_wrong_old_size_is_answered_with_the_right_one()
    {
        var (_, ingest, source, id) = await OpenAsync(exchanges: 5);
        await SendCheckpointAsync(ingest, source, id, 0);

        var answer = await SendCheckpointAsync(ingest, source, id, 3);

        Assert.Equal((409, "text/x.tlog.size", "10\n"), (answer.Status, answer.ContentType, answer.Body));
    }

    [Fact]
    public async Task Entries_that_are_not_those_of_the_signed_tree_are_refused()
    {
        var (database, ingest, source, id) = await OpenAsync(exchanges: 10);
        await SendCheckpointAsync(ingest, source, id, 0);
        var body = await source.EntriesAsync(1, 0, 20, Stop);
        var at = body.AsSpan().IndexOf("claude-code"u8);
        body[at] ^= 1;

        var answer = await ingest.AddEntriesAsync(id, body, Stop);

        Assert.Equal(422, answer.Status);
        Assert.Empty(await CollectAsync(database.Records));
    }

    [Fact]
    public async Task Every_flipped_byte_of_an_upload_is_noticed_or_changes_nothing()
    {
        var (database, ingest, source, id) = await OpenAsync(exchanges: 3);
        await SendCheckpointAsync(ingest, source, id, 0);
        var body = await source.EntriesAsync(1, 0, 6, Stop);
        for (var at = 0; at < body.Length; at += 37)
        {
            var altered = body.ToArray();
            altered[at] ^= 0x10;
            var answer = await ingest.AddEntriesAsync(id, altered, Stop);
            Assert.NotEqual(200, answer.Status);
        }

        Assert.Empty(await CollectAsync(database.Records));
    }

    [Fact]
    public async Task A_device_cannot_write_the_log_of_another()
    {
        var (_, ingest, source, id) = await OpenAsync(exchanges: 2);

        var answer = await ingest.AddCheckpointAsync(new string('0', 32), (await source.CheckpointAsync(1, 0, Stop))!.Value.Body, Stop);

        Assert.Equal(404, answer.Status);
        Assert.NotEqual(new string('0', 32), id);
    }

    [Fact]
    public async Task A_checkpoint_by_another_key_is_refused()
    {
        var (_, ingest, source, id) = await OpenAsync(exchanges: 2);
        var body = (await source.CheckpointAsync(1, 0, Stop))!.Value.Body;
        var text = SignedNote.Parse(CheckpointRequest.Parse(body).Note).Text;
        var forged = new NoteSigner(Checkpoint.Parse(text).Origin, _key).Sign(text);

        var answer = await ingest.AddCheckpointAsync(id, new CheckpointRequest(0, [], forged).ToText(), Stop);

        Assert.Equal(403, answer.Status);
    }

    [Fact]
    public async Task Two_histories_of_one_length_are_a_fork_that_stays_on_the_record()
    {
        var (database, ingest, source, id) = await OpenAsync(exchanges: 2);
        await UploadAsync(ingest, source, id);
        using var keys = DeviceKeys.LoadOrCreate(_device.Keys);
        var other = keys.SignerFor(1).Sign(new Checkpoint(new LogOrigin(id, 1).ToString(), 4, new byte[32]).ToText());

        var answer = await ingest.AddCheckpointAsync(id, new CheckpointRequest(4, [], other).ToText(), Stop);

        Assert.Equal(422, answer.Status);
        Assert.StartsWith("FORK", Assert.Single(await database.Records.HeadsAsync(Stop)).Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_that_lost_its_database_after_uploading_everything_goes_on_whole_in_a_new_epoch()
    {
        var (database, ingest, source, id) = await OpenAsync(exchanges: 4);
        await UploadAsync(ingest, source, id);
        File.Delete(_device.Database);
        await _device.WriteExchangesAsync(1, "N");

        var again = (await _device.ReadAsync()).OpenUpload();
        foreach (var epoch in (await again.EpochsAsync(Stop)).Where(e => e > 1))
        {
            await UploadAsync(ingest, again, id, epoch);
        }

        var heads = await database.Records.HeadsAsync(Stop);
        Assert.Equal(2, heads.Count);
        Assert.Null(heads[0].Failure);

        // The checkpoint kept outside the database says what was there, and all of it had been uploaded: nothing is missing here.
        Assert.Null(heads[1].Failure);
    }

    [Fact]
    public async Task A_device_that_knows_less_than_the_server_is_told_so()
    {
        var (_, _, source, _) = await OpenAsync(exchanges: 2);

        var error = await Assert.ThrowsAsync<AuditException>(() => source.CheckpointAsync(1, 400, Stop));

        Assert.Contains("cut off", error.Message, StringComparison.Ordinal);
    }

    private Cosigner Cosigner => new("localfirst-guard-witness/test", _key);

    private async Task<(FleetDatabase Database, LogIngest Ingest, LogSource Source, string Device)> OpenAsync(int exchanges = 0)
    {
        if (exchanges > 0)
        {
            await _device.WriteExchangesAsync(exchanges, "F");
        }

        var database = await FleetDatabase.OpenAsync(await databases.NewAsync(), TimeProvider.System, Stop);
        using var keys = DeviceKeys.LoadOrCreate(_device.Keys);
        await database.Store.SavePersonAsync(new FleetPerson("oid-1", "tid", "ada@example.test", [], Some.Time), Stop);
        await database.Store.EnrollAsync(new FleetDevice(keys.DeviceId, "laptop", keys.PublicKey.Export(KeyBlobFormat.RawPublicKey), "oid-1", Some.Time, null, null, null), Stop);
        return (database, database.IngestWith(Cosigner), (await _device.ReadAsync()).OpenUpload(), keys.DeviceId);
    }

    private static async Task<IngestAnswer> SendCheckpointAsync(LogIngest ingest, LogSource source, string id, long old) =>
        await ingest.AddCheckpointAsync(id, (await source.CheckpointAsync(1, old, Stop))!.Value.Body, Stop);

    private static async Task<string> UploadAsync(LogIngest ingest, LogSource source, string id, long epoch = 1)
    {
        var known = 0L;
        while (true)
        {
            var (body, size) = (await source.CheckpointAsync(epoch, known, Stop))!.Value;
            var answer = await ingest.AddCheckpointAsync(id, body, Stop);
            if (answer.Status == 409)
            {
                known = long.Parse(answer.Body, System.Globalization.CultureInfo.InvariantCulture);
                continue;
            }

            Assert.Equal(200, answer.Status);
            for (var next = 0L; ;)
            {
                var progress = await ingest.AddEntriesAsync(id, await source.EntriesAsync(epoch, next, size, Stop), Stop);
                if (progress.Status == 200)
                {
                    return progress.Body;
                }

                Assert.True(progress.Status is 202 or 409, $"{progress.Status}: {progress.Body}");
                next = long.Parse(progress.Body.Split('\n')[1], System.Globalization.CultureInfo.InvariantCulture);
            }
        }
    }

    private static async Task<List<SourcedRecord>> CollectAsync(IRecordSource source)
    {
        var records = new List<SourcedRecord>();
        await foreach (var record in source.ReadAsync(DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue, Stop))
        {
            records.Add(record);
        }

        return records;
    }
}
