using System.Net;
using System.Text;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Audit.Ingest;
using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.Audit.Notes;
using LocalFirst.Guard.Fleet.Membership;
using LocalFirst.Guard.Tests.Audit;
using NSec.Cryptography;
using Xunit;

namespace LocalFirst.Guard.Tests.Fleet.Membership;

/// <summary>A device's upload against the server's own ingest, over a wire that breaks wherever the test wants.</summary>
public sealed class LogUploadTests : IAsyncLifetime
{
    private readonly TempLog _device = new();
    private readonly TempLog _server = new();
    private readonly Key _witness = Key.Create(SignatureAlgorithm.Ed25519);
    private readonly RecordedEvents _events = new();
    private FleetDatabase _database = null!;
    private LogIngest _ingest = null!;
    private DeviceIdentity _identity = null!;
    private Func<bool, bool> _breaks = _ => false;
    private int _requests;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private Cosigner Cosigner => new("localfirst-guard-witness/test", _witness);

    private CosignedCheckpoints Kept => new(_device.Database);

    public async ValueTask InitializeAsync()
    {
        _identity = DeviceIdentity.Open(_device.Keys);
        await OpenServerAsync("fleet.db");
    }

    public ValueTask DisposeAsync()
    {
        _identity.Dispose();
        _witness.Dispose();
        _device.Dispose();
        _server.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_whole_log_arrives_and_its_cosignature_is_kept_beside_it()
    {
        await _device.WriteExchangesAsync(700);
        using var client = Client();

        Assert.True(await Upload(client).TryAsync(Stop));

        Assert.Equal(1400, await AssertSameAsync());
        var note = SignedNote.Parse(Kept.Read(1)!);
        Assert.NotNull(CosignatureKey.Parse(Cosigner.VerifierKey).Verify(note));
        Assert.Equal(Kept.Read(1), Assert.Single(await (await _device.ReadAsync()).HeadsAsync(Stop)).Checkpoint);
        Assert.Equal(1400, Kept.SizeOf(new LogOrigin(_identity.DeviceId, 1), CosignatureKey.Parse(Cosigner.VerifierKey)));
        Assert.Empty(_events.Events);
    }

    [Fact]
    public async Task What_is_cosigned_is_not_sent_again_also_after_a_restart()
    {
        await _device.WriteExchangesAsync(10);
        using var client = Client();
        await Upload(client).TryAsync(Stop);
        var sent = _requests;

        Assert.True(await Upload(client).TryAsync(Stop));

        Assert.Equal(sent, _requests);
    }

    [Fact]
    public async Task Broken_off_anywhere_it_goes_on_where_the_server_is_and_nothing_is_lost_or_doubled()
    {
        var random = new Random(11);
        using var client = Client();

        // Before the server saw it, or after it did its work: the device cannot tell the two apart.
        _breaks = _ => random.Next(3) == 0;
        for (var round = 0; round < 6; round++)
        {
            await _device.WriteExchangesAsync(150, $"R{round}");
            var upload = Upload(client);
            for (var tries = 0; !await upload.TryAsync(Stop); tries++)
            {
                Assert.True(tries < 100, "The upload does not come to an end.");

                // A kill of the device in between.
                upload = random.Next(2) == 0 ? Upload(client) : upload;
            }
        }

        Assert.Equal(1800, await AssertSameAsync());
        Assert.Empty(_events.Events);
    }

    [Fact]
    public async Task A_server_whose_database_was_put_back_gets_again_what_it_lost()
    {
        await _device.WriteExchangesAsync(400);
        using var client = Client();
        var upload = Upload(client);
        await upload.TryAsync(Stop);
        await OpenServerAsync("restored.db");
        await _device.WriteExchangesAsync(1, "N");

        Assert.True(await upload.TryAsync(Stop));

        Assert.Equal(802, await AssertSameAsync());
    }

    [Fact]
    public async Task A_log_that_was_put_back_on_the_device_is_recorded_once()
    {
        await _device.WriteExchangesAsync(5);
        using var before = _device.Copy();
        await _device.WriteExchangesAsync(5, "L");
        using var client = Client();
        Assert.True(await Upload(client).TryAsync(Stop));
        TempLog.CopyTo(before.Home, _device.Home);
        Directory.Delete(Kept.Folder, recursive: true);
        var upload = Upload(client);

        Assert.False(await upload.TryAsync(Stop));
        Assert.False(await upload.TryAsync(Stop));

        var recorded = Assert.Single(_events.Events);
        Assert.Equal("upload-failed", recorded.Name);
        Assert.Contains("cut off or put back", recorded.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_epoch_that_fails_does_not_keep_the_next_one_from_being_seen()
    {
        await _device.WriteExchangesAsync(5);
        using var before = _device.Copy();
        await _device.WriteExchangesAsync(5, "L");
        using var client = Client();
        Assert.True(await Upload(client).TryAsync(Stop));

        // The database alone is put back: the checkpoint outside it tells, and a new epoch begins.
        File.Copy(before.Database, _device.Database, overwrite: true);
        await _device.WriteExchangesAsync(1, "E");

        Assert.False(await Upload(client).TryAsync(Stop));

        var heads = await _database.Records.HeadsAsync(Stop);
        Assert.Equal([20, 4], heads.OrderBy(h => h.Epoch).Select(h => h.StoredSize));
        Assert.Contains("cut off or put back", Assert.Single(_events.Events).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cosignature_of_another_key_is_not_kept_and_recorded()
    {
        await _device.WriteExchangesAsync(2);
        using var stranger = Key.Create(SignatureAlgorithm.Ed25519);
        using var client = Client();
        var upload = Upload(client, new Cosigner("localfirst-guard-witness/test", stranger).VerifierKey);

        Assert.False(await upload.TryAsync(Stop));
        Assert.False(await upload.TryAsync(Stop));

        Assert.Null(Kept.Read(1));
        Assert.Contains("pinned at enrolment", Assert.Single(_events.Events).Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_claims_more_than_was_cosigned_stops_no_upload()
    {
        await _device.WriteExchangesAsync(2);
        using var client = Client();
        await Upload(client).TryAsync(Stop);
        File.WriteAllText(Path.Combine(Kept.Folder, "1.note"), Kept.Read(1)!.Replace("\n4\n", "\n6\n", StringComparison.Ordinal));
        await _device.WriteExchangesAsync(1, "M");

        Assert.True(await Upload(client).TryAsync(Stop));

        Assert.Equal(6, await AssertSameAsync());
    }

    [Fact]
    public async Task A_server_that_speaks_nonsense_ends_in_a_failed_try_and_not_in_a_loop()
    {
        await _device.WriteExchangesAsync(2);
        foreach (var (status, type, body) in new[] { (409, "text/x.tlog.size", "1\n"), (409, "text/x.tlog.size", "x"), (409, "text/x.tlog.mirror-info", "4\n0\n\n"), (200, "text/plain", "— x AAAA\n"), (404, "text/html", "<p>"), (302, "text/plain", "") })
        {
            using var client = FleetClient.Signed(new Uri("https://guard.example/"), _identity, TimeProvider.System, new Answering(_ => Task.FromResult(Answer(status, type, body))));

            Assert.False(await Upload(client).TryAsync(Stop));
        }

        Assert.All(_events.Events, e => Assert.Equal("upload-refused", e.Name));
        Assert.Null(Kept.Read(1));
    }

    private LogUpload Upload(FleetClient client, string? witness = null) => new(
        client, _device.Options, _identity.DeviceId, CosignatureKey.Parse(witness ?? Cosigner.VerifierKey), new FleetJournal(_events, TimeProvider.System, _ => { }), TimeProvider.System, new Random(3));

    private FleetClient Client() => FleetClient.Signed(new Uri("https://guard.example/"), _identity, TimeProvider.System, new Answering(async request =>
    {
        _requests++;
        if (_breaks(false))
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, "broken before");
        }

        var body = await request.Content!.ReadAsByteArrayAsync(Stop);
        var answer = request.RequestUri!.AbsolutePath.EndsWith("add-checkpoint", StringComparison.Ordinal)
            ? await _ingest.AddCheckpointAsync(_identity.DeviceId, Encoding.UTF8.GetString(body), Stop)
            : await _ingest.AddEntriesAsync(_identity.DeviceId, body, Stop);
        return _breaks(true) ? throw new HttpRequestException(HttpRequestError.ResponseEnded, "broken after") : Answer(answer.Status, answer.ContentType.Split(';')[0], answer.Body);
    }));

    private static HttpResponseMessage Answer(int status, string type, string body) => new((HttpStatusCode)status) { Content = new StringContent(body, Encoding.UTF8, type) };

    private async Task OpenServerAsync(string file)
    {
        _database = await FleetDatabase.OpenAsync(Path.Combine(_server.Home, file), TimeProvider.System, Stop);
        await _database.Store.SavePersonAsync(new FleetPerson("oid-1", "tid", "ada@example.test", [], Some.Time), Stop);
        await _database.Store.EnrollAsync(new FleetDevice(_identity.DeviceId, "laptop", _identity.PublicKey, "oid-1", Some.Time, null, null, null), Stop);
        _ingest = _database.IngestWith(Cosigner);
    }

    private async Task<long> AssertSameAsync()
    {
        var there = Assert.Single(await _database.Records.HeadsAsync(Stop));
        var here = Assert.Single(await (await _device.ReadAsync()).HeadsAsync(Stop));
        Assert.Null(there.Failure);
        Assert.Equal((here.StoredSize, here.CoveredSize, here.CoveredRootHash), (there.StoredSize, there.CoveredSize, there.CoveredRootHash));
        return there.StoredSize;
    }
}
