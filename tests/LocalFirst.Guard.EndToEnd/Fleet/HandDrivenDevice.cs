using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Audit.Ingest;
using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.Audit.Notes;
using LocalFirst.Guard.Fleet.Api;
using LocalFirst.Guard.Fleet.Requests;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Fleet;

/// <summary>A device without its broker: a real log and real keys, and requests sent one by one.</summary>
internal sealed class HandDrivenDevice : IDisposable
{
    private readonly TestFolder _home = new();
    private readonly string _root;
    private int _written;

    public HandDrivenDevice(string root)
    {
        _root = root;
        Identity = DeviceIdentity.Open(_home.File("keys"));
    }

    public DeviceIdentity Identity { get; }

    public FleetDescription? Fleet { get; private set; }

    /// <summary>Size of the largest checkpoint that the server acknowledged with its cosignature.</summary>
    public long Acknowledged { get; private set; }

    private AuditLogOptions Options => new() { DatabasePath = _home.File("audit.db"), KeysFolder = _home.File("keys") };

    public async Task EnrolAsync(Uri server, string token)
    {
        using var client = new HttpClient(ServerProcess.Trusting(_root)) { BaseAddress = server };
        Fleet = (await client.GetFromJsonAsync<FleetDescription>(new Uri(FleetDescription.Path, UriKind.Relative), Bounded.Test))!;
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        var request = new EnrolmentRequest(
            Identity.DeviceId, "laptop", Convert.ToBase64String(Identity.PublicKey), Convert.ToBase64String(Identity.Sign(EnrolmentRequest.Message(Fleet.Fleet, Identity.DeviceId, "oid-member"))));
        using var answer = await client.PostAsJsonAsync(new Uri("/api/devices", UriKind.Relative), request, Bounded.Test);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, await answer.Content.ReadAsStringAsync(Bounded.Test));
    }

    public HttpClient NewClient(Uri server) =>
        new(new DeviceSignatureHandler(Identity, TimeProvider.System, ServerProcess.Trusting(_root))) { BaseAddress = server };

    /// <summary>Writes this many records, one commit for many.</summary>
    public async Task WriteAsync(int count)
    {
        await using var log = await AuditLog.OpenAsync(Options, Bounded.Test);
        await Task.WhenAll(Enumerable.Range(0, count).Select(_ => log.AppendAsync(
            new EventRecord { Time = DateTimeOffset.UtcNow, Name = "test", Detail = $"Record {Interlocked.Increment(ref _written)}: {new string('x', 200)}." }, Bounded.Test)));
    }

    public async Task<LogSource> SourceAsync() => (await AuditReader.OpenAsync(Options, Bounded.Test)).OpenUpload();

    /// <summary>Sends what the server does not have, until it is cosigned or the server breaks off. Asks the servers in turn.</summary>
    public async Task<bool> TryUploadAsync(params Uri[] servers)
    {
        var clients = servers.Select(NewClient).ToList();
        try
        {
            var source = await SourceAsync();
            var turn = 0;
            HttpClient Next() => clients[turn++ % clients.Count];
            for (var known = 0L; ;)
            {
                var (body, size) = (await source.CheckpointAsync(1, known, Bounded.Test))!.Value;
                var (status, answer) = await PostAsync(Next(), "/api/log/add-checkpoint", System.Text.Encoding.UTF8.GetBytes(body));
                if (status == HttpStatusCode.Conflict)
                {
                    known = long.Parse(answer, CultureInfo.InvariantCulture);
                    continue;
                }

                if (status == HttpStatusCode.ServiceUnavailable)
                {
                    return false;
                }

                Assert.True(status == HttpStatusCode.OK, answer);
                return await SendEntriesAsync(source, Next, size, body[(body.IndexOf("\n\n", StringComparison.Ordinal) + 2)..]);
            }
        }
        catch (HttpRequestException)
        {
            return false;
        }
        finally
        {
            clients.ForEach(c => c.Dispose());
        }
    }

    /// <summary>The database holds exactly what the device wrote, and the newest checkpoint is the device's own, with the server's cosignature.</summary>
    public async Task AssertWholeAsync(string database)
    {
        var reader = await AuditReader.OpenAsync(Options, Bounded.Test);
        var fleet = await FleetDatabase.OpenAsync(database, TimeProvider.System, Bounded.Test);
        var head = Assert.Single(await fleet.Records.HeadsAsync(Bounded.Test));
        var own = Assert.Single(await reader.HeadsAsync(Bounded.Test));
        Assert.Null(head.Failure);
        Assert.Equal((own.StoredSize, own.CoveredSize, own.CoveredRootHash), (head.StoredSize, head.CoveredSize, head.CoveredRootHash));
        Assert.Equal(Acknowledged, head.CoveredSize);
        var note = SignedNote.Parse(head.Checkpoint);
        Assert.Equal(NoteVerdict.Good, note.Verify(VerifierKey.Parse(own.VerifierKey)));
        Assert.NotNull(CosignatureKey.Parse(Fleet!.WitnessKey).Verify(note));
        Assert.Equal(await RecordsAsync(reader), await RecordsAsync(fleet.Records));
    }

    public void Dispose()
    {
        Identity.Dispose();
        _home.Dispose();
    }

    public static async Task<(HttpStatusCode Status, string Body)> PostAsync(HttpClient client, string path, byte[] body)
    {
        using var answer = await client.PostAsync(new Uri(path, UriKind.Relative), new ByteArrayContent(body), Bounded.Test);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Bounded.Test));
    }

    private async Task<bool> SendEntriesAsync(LogSource source, Func<HttpClient> client, long size, string checkpoint)
    {
        for (var next = 0L; ;)
        {
            var (status, answer) = await PostAsync(client(), "/api/log/add-entries", await source.EntriesAsync(1, next, size, Bounded.Test));
            switch (status)
            {
                case HttpStatusCode.OK:
                    Assert.NotNull(CosignatureKey.Parse(Fleet!.WitnessKey).Verify(SignedNote.Parse(checkpoint + answer)));
                    Acknowledged = Math.Max(Acknowledged, size);
                    return true;
                case HttpStatusCode.ServiceUnavailable:
                    return false;
                default:
                    Assert.True(status is HttpStatusCode.Accepted or HttpStatusCode.Conflict, answer);
                    next = long.Parse(answer.Split('\n')[1], CultureInfo.InvariantCulture);
                    break;
            }
        }
    }

    private static async Task<List<string>> RecordsAsync(IRecordSource source)
    {
        var records = new List<string>();
        await foreach (var record in source.ReadAsync(DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue, Bounded.Test))
        {
            records.Add($"{record.LeafIndex} {Convert.ToHexString(record.Canonical.Span)}");
        }

        return records;
    }
}
