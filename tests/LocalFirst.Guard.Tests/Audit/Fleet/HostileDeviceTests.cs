using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Audit.Ingest;
using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.Audit.Notes;
using Microsoft.EntityFrameworkCore;
using NSec.Cryptography;
using Xunit;

namespace LocalFirst.Guard.Tests.Audit.Fleet;

public sealed class HostileDeviceOnSqliteTests(SqliteDatabases databases) : HostileDeviceTests(databases), IClassFixture<SqliteDatabases>;

public sealed class HostileDeviceOnPostgreSqlTests(PostgreSqlDatabases databases) : HostileDeviceTests(databases), IClassFixture<PostgreSqlDatabases>;

/// <summary>A device that signs whatever suits it: what the server then says of its log.</summary>
public abstract class HostileDeviceTests : IAsyncLifetime
{
    private readonly FleetDatabases _databases;
    private readonly TempLog _device = new();
    private readonly Key _witness = Key.Create(SignatureAlgorithm.Ed25519);
    private readonly DeviceKeys _keys;
    private FleetDatabase? _database;
    private LogIngest? _ingest;

    protected HostileDeviceTests(FleetDatabases databases)
    {
        _databases = databases;
        _keys = DeviceKeys.LoadOrCreate(_device.Keys);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private LogIngest Ingest => _ingest!;

    public async ValueTask InitializeAsync()
    {
        _database = await FleetDatabase.OpenAsync(await _databases.NewAsync(), TimeProvider.System, Stop);
        _ingest = _database.IngestWith(new Cosigner("localfirst-guard-witness/test", _witness));
        await _database.Store.SavePersonAsync(new FleetPerson("oid-1", "tid", "ada@example.test", [], Some.Time), Stop);
        await _database.Store.EnrollAsync(new FleetDevice(_keys.DeviceId, "laptop", _keys.PublicKey.Export(KeyBlobFormat.RawPublicKey), "oid-1", Some.Time, null, null, null), Stop);
    }

    public ValueTask DisposeAsync()
    {
        _keys.Dispose();
        _witness.Dispose();
        _device.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_new_epoch_that_claims_everything_that_is_here_is_whole()
    {
        var first = new HandLog(_keys, 1).Grow(300);
        await first.UploadAsync(Ingest);
        await new HandLog(_keys, 2).Begin("rolled-back", first.Note(300)).Grow(3).UploadAsync(Ingest);

        Assert.Equal([null, null], await FailuresAsync());
    }

    [Fact]
    public async Task A_new_epoch_that_forgets_signed_records_is_a_gap()
    {
        var first = new HandLog(_keys, 1).Grow(300);
        await first.UploadAsync(Ingest);
        await new HandLog(_keys, 2).Begin("rolled-back", first.Note(120)).Grow(3).UploadAsync(Ingest);

        var failure = (await FailuresAsync())[1];
        Assert.StartsWith("GAP: ", failure, StringComparison.Ordinal);
        Assert.Contains("had signed 300", failure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(300)]
    [InlineData(120)]
    public async Task A_new_epoch_that_claims_other_records_than_those_that_arrived_is_a_fork(long size)
    {
        await new HandLog(_keys, 1).Grow(300).UploadAsync(Ingest);
        var other = new HandLog(_keys, 1).Grow(300, "as it was not");
        await new HandLog(_keys, 2).Begin("rolled-back", other.Note(size)).Grow(3).UploadAsync(Ingest);

        Assert.StartsWith("FORK: ", (await FailuresAsync())[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_claim_whose_records_have_not_all_arrived_is_a_gap_until_they_have()
    {
        var first = new HandLog(_keys, 1).Grow(600);
        await first.ShowAsync(Ingest, 0, 600);
        await first.SendAsync(Ingest, 0, 256, 600);
        await new HandLog(_keys, 2).Begin("rolled-back", first.Note(600)).Grow(3).UploadAsync(Ingest);
        Assert.Contains("256 of them have arrived", (await FailuresAsync())[1], StringComparison.Ordinal);

        await first.SendAsync(Ingest, 256, 600, 600);

        Assert.Equal([null, null], await FailuresAsync());
    }

    [Fact]
    public async Task A_claim_of_more_than_this_server_was_ever_shown_says_that_the_rest_is_not_known()
    {
        var first = new HandLog(_keys, 1).Grow(300);
        await first.UploadAsync(Ingest);
        await new HandLog(_keys, 2).Begin("rolled-back", first.Grow(310).Note(310)).Grow(3).UploadAsync(Ingest);

        var failure = (await FailuresAsync())[1];
        Assert.StartsWith("GAP: ", failure, StringComparison.Ordinal);
        Assert.Contains("cannot be known", failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_epoch_that_arrived_and_is_passed_over_is_a_gap()
    {
        var first = new HandLog(_keys, 1).Grow(10);
        await first.UploadAsync(Ingest);
        await new HandLog(_keys, 2).Begin("rolled-back", first.Note(10)).Grow(20).UploadAsync(Ingest);
        await new HandLog(_keys, 3).Begin("altered", first.Note(10)).Grow(3).UploadAsync(Ingest);

        var failure = (await FailuresAsync())[2];
        Assert.StartsWith("GAP: ", failure, StringComparison.Ordinal);
        Assert.Contains("20 records in epoch 2", failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_epoch_that_never_arrived_is_a_gap()
    {
        var first = new HandLog(_keys, 1).Grow(10);
        await first.UploadAsync(Ingest);
        var second = new HandLog(_keys, 2).Begin("rolled-back", first.Note(10)).Grow(20);
        await new HandLog(_keys, 3).Begin("altered", second.Note(20)).Grow(3).UploadAsync(Ingest);

        Assert.Contains("none of them has arrived", (await FailuresAsync())[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_number_that_is_passed_over_is_a_gap()
    {
        var first = new HandLog(_keys, 1).Grow(10);
        await first.UploadAsync(Ingest);
        await new HandLog(_keys, 3).Begin("altered", first.Note(10)).Grow(3).UploadAsync(Ingest);

        var failure = (await FailuresAsync())[1];
        Assert.StartsWith("GAP: ", failure, StringComparison.Ordinal);
        Assert.Contains("between", failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_that_lost_its_outside_checkpoint_may_have_signed_more_and_the_server_says_so()
    {
        var first = new HandLog(_keys, 1).Grow(10);
        await first.UploadAsync(Ingest);
        await new HandLog(_keys, 1_790_000_000).Begin("guard-lost", first.Note(10)).Grow(3).UploadAsync(Ingest);

        var failure = (await FailuresAsync())[1];
        Assert.StartsWith("GAP: ", failure, StringComparison.Ordinal);
        Assert.Contains("cannot be known", failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_epoch_without_the_record_of_what_came_before_is_a_gap()
    {
        await new HandLog(_keys, 1).Grow(10).UploadAsync(Ingest);
        await new HandLog(_keys, 2).Grow(3).UploadAsync(Ingest);
        await new HandLog(_keys, 3).Begin("guard-lost", null).Grow(3).UploadAsync(Ingest);
        await new HandLog(_keys, 4).Grow(3).ShowAsync(Ingest, 0, 3);

        var failures = await FailuresAsync();
        Assert.Contains("does not begin with the record", failures[1], StringComparison.Ordinal);
        Assert.Contains("names no checkpoint", failures[2], StringComparison.Ordinal);
        Assert.Contains("not arrived yet", failures[3], StringComparison.Ordinal);
        Assert.All(failures.Skip(1), f => Assert.StartsWith("GAP: ", f, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("bad", "SIG_BAD: ")]
    [InlineData("other-key", "SIG_UNKNOWN: ")]
    [InlineData("other-device", "CHECKPOINT_BAD: ")]
    [InlineData("later", "CHECKPOINT_BAD: ")]
    [InlineData("nothing", "CHECKPOINT_BAD: ")]
    public async Task A_claim_that_this_device_did_not_sign_counts_for_nothing(string kind, string expected)
    {
        var first = new HandLog(_keys, 1).Grow(10);
        await first.UploadAsync(Ingest);
        var text = new Checkpoint(first.Origin, 10, new byte[32]).ToText();
        var claim = kind switch
        {
            "bad" => first.Note(10).Replace("\n10\n", "\n11\n", StringComparison.Ordinal),
            "other-key" => new NoteSigner(first.Origin, _witness).Sign(text),
            "other-device" => new NoteSigner($"localfirst-guard/{new string('0', 32)}/1", _witness).Sign(text.Replace(_keys.DeviceId, new string('0', 32), StringComparison.Ordinal)),
            "later" => new HandLog(_keys, 7).Grow(10).Note(10),
            _ => "no checkpoint",
        };
        await new HandLog(_keys, 2).Begin("rolled-back", claim).Grow(3).UploadAsync(Ingest);

        Assert.StartsWith(expected, (await FailuresAsync())[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_smaller_checkpoint_of_another_history_is_a_fork_that_stays_on_the_record()
    {
        await new HandLog(_keys, 1).Grow(300).UploadAsync(Ingest);
        var other = new HandLog(_keys, 1).Grow(200, "as it was not");

        var answer = await other.ShowAsync(Ingest, 0, 200);

        Assert.Equal(422, answer.Status);
        Assert.StartsWith("FORK: ", Assert.Single(await FailuresAsync()), StringComparison.Ordinal);
        Assert.Equal(other.Note(200), await _database!.RunAsync(c => c.DeviceLogs.Select(l => l.ForkNote).SingleAsync(Stop)));
    }

    [Fact]
    public async Task In_the_middle_of_an_upload_a_smaller_checkpoint_is_kept_and_judged_when_the_records_are_there()
    {
        var log = new HandLog(_keys, 1).Grow(600);
        await log.ShowAsync(Ingest, 0, 600);
        await log.SendAsync(Ingest, 0, 256, 600);

        Assert.Equal(409, (await new HandLog(_keys, 1).Grow(400, "as it was not").ShowAsync(Ingest, 0, 400)).Status);
        Assert.StartsWith("UNPROVEN: ", Assert.Single(await FailuresAsync()), StringComparison.Ordinal);

        Assert.Equal(200, (await log.SendAsync(Ingest, 256, 600, 600)).Status);
        Assert.StartsWith("FORK: ", Assert.Single(await FailuresAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_smaller_checkpoint_of_the_same_history_is_no_failure()
    {
        var log = new HandLog(_keys, 1).Grow(600);
        await log.ShowAsync(Ingest, 0, 600);
        await log.SendAsync(Ingest, 0, 256, 600);

        Assert.Equal((409, "600\n"), await StatusAsync(log.ShowAsync(Ingest, 0, 400)));
        Assert.Equal((409, "600\n"), await StatusAsync(log.ShowAsync(Ingest, 0, 100)));
        await log.SendAsync(Ingest, 256, 600, 600);

        Assert.Null(Assert.Single(await FailuresAsync()));
    }

    [Fact]
    public async Task A_larger_checkpoint_without_a_proof_is_kept_and_judged_when_the_records_are_there()
    {
        var log = new HandLog(_keys, 1).Grow(10);
        await log.UploadAsync(Ingest);
        var other = new HandLog(_keys, 1).Grow(20, "as it was not");

        Assert.Equal(422, (await other.ShowAsync(Ingest, 10, 20)).Status);
        Assert.StartsWith("UNPROVEN: ", Assert.Single(await FailuresAsync()), StringComparison.Ordinal);

        await log.Grow(30).UploadAsync(Ingest, 10);
        Assert.StartsWith("FORK: ", Assert.Single(await FailuresAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_kept_of_one_log_is_bounded()
    {
        var log = new HandLog(_keys, 1).Grow(100);
        await log.UploadAsync(Ingest);
        for (var size = 1; size < 60; size++)
        {
            await log.ShowAsync(Ingest, 0, size);
            await log.ShowAsync(Ingest, 0, size);
        }

        Assert.Equal(16, await _database!.RunAsync(c => c.OtherCheckpoints.CountAsync(Stop)));
        Assert.Null(Assert.Single(await FailuresAsync()));
    }

    [Fact]
    public async Task A_checkpoint_with_a_book_in_it_is_refused()
    {
        var text = new Checkpoint(new LogOrigin(_keys.DeviceId, 1).ToString(), 1, new byte[32]).ToText() + new string('x', 5000) + "\n";

        var answer = await Ingest.AddCheckpointAsync(_keys.DeviceId, new CheckpointRequest(0, [], _keys.SignerFor(1).Sign(text)).ToText(), Stop);

        Assert.Equal(400, answer.Status);
    }

    [Fact]
    public async Task During_an_upload_the_checkpoint_and_what_it_covers_stay_apart_from_what_is_stored()
    {
        var log = new HandLog(_keys, 1).Grow(300);
        await log.UploadAsync(Ingest);
        var covered = Assert.Single(await _database!.Records.HeadsAsync(Stop));
        await log.Grow(900).ShowAsync(Ingest, 300, 900);
        await log.SendAsync(Ingest, 300, 512, 900);

        var head = Assert.Single(await _database!.Records.HeadsAsync(Stop));

        Assert.Equal(512, head.StoredSize);
        Assert.Equal((300, covered.CoveredRootHash, covered.Checkpoint), (head.CoveredSize, head.CoveredRootHash, head.Checkpoint));
        Assert.Equal(Convert.ToBase64String(Checkpoint.Parse(SignedNote.Parse(head.Checkpoint).Text).Root), head.CoveredRootHash);
    }

    [Fact]
    public async Task Records_that_are_no_records_are_stored_as_what_they_are()
    {
        byte[][] hostile =
        [
            [],
            "\0\xff"u8.ToArray(),
            """{"v":1,"type":"decision","time":"2026-11-23T10:00:00.000Z","exchange":"\ud800"}"""u8.ToArray(),
            """{"v":1,"type":"\ud800","time":"2026-11-23T10:00:00.000Z"}"""u8.ToArray(),
            """{"v":1,"type":"a\u0000b","time":"0001-01-01T00:00:00.000Z"}"""u8.ToArray(),
            """{"v":1,"type":"outcome","time":"9999-12-30T23:59:59.999Z","exchange":"a\u0000b","result":"x","status":1e99,"bytes_out":-1,"bytes_in":0,"answered_by":"x","duration_ms":-0}"""u8.ToArray(),
            System.Text.Encoding.ASCII.GetBytes(new string('[', 4000)),
            System.Text.Encoding.ASCII.GetBytes($$"""{"v":1,"time":"2026-11-23T10:00:00.000Z","type":"{{new string('t', 3900)}}"}"""),
        ];
        var log = new HandLog(_keys, 1);
        foreach (var record in hostile)
        {
            log.Add(record);
        }

        await log.UploadAsync(Ingest);

        var stored = new List<byte[]>();
        await foreach (var record in _database!.Records.ReadAsync(DateTimeOffset.MinValue, DateTimeOffset.MaxValue, Stop))
        {
            stored.Add(record.Canonical.ToArray());
        }

        Assert.Equal(hostile, stored);
        Assert.Empty(await _database.Store.ListExchangesAsync(100, null, null, Stop));
    }

    [Fact]
    public async Task The_outcome_of_an_exchange_is_the_last_of_its_own_device()
    {
        var log = new HandLog(_keys, 1).Add(Some.Decision("E"));
        for (var i = 0; i < 50; i++)
        {
            log.Add(Some.Outcome("E") with { Status = 200 + i });
        }

        await log.UploadAsync(Ingest);

        Assert.Equal(249, Assert.Single(await _database!.Store.ListExchangesAsync(10, null, null, Stop)).Entry.Outcome!.Status);
    }

    private static async Task<(int Status, string Body)> StatusAsync(Task<IngestAnswer> answer) => ((await answer).Status, (await answer).Body);

    private async Task<List<string?>> FailuresAsync() => [.. (await _database!.Records.HeadsAsync(Stop)).Select(h => h.Failure)];
}
