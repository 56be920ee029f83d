using System.Text;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.EndToEnd.Broker;
using LocalFirst.Guard.EndToEnd.Provider;
using LocalFirst.Guard.EndToEnd.Samples;
using LocalFirst.Guard.Testing;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Fleet;

/// <summary>Server or database die in the middle of an upload: nothing is lost, nothing is doubled, and the device guards meanwhile.</summary>
public sealed class UploadInterruptionTests
{
    /// <summary>A dozen requests' worth, so that there is a middle.</summary>
    private const int Records = 12_000;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killing_the_server_in_the_middle_of_an_upload_loses_and_doubles_nothing()
    {
        await using var server = await FleetServer.StartAsync();
        var database = await FleetDatabase.OpenAsync(Path.Combine(server.Home, "fleet.db"), TimeProvider.System, Stop);

        await InterruptAsync(server, database, server.KillAsync, server.StartAgainAsync);
    }

    [Fact]
    public async Task Stopping_PostgreSQL_in_the_middle_of_an_upload_loses_and_doubles_nothing()
    {
        await using var postgres = await PostgreSqlServer.StartAsync();
        await using var server = await FleetServer.StartAsync(postgres.Connection);
        var database = await FleetDatabase.OpenAsync(postgres.Connection, TimeProvider.System, Stop);

        await InterruptAsync(server, database, postgres.KillAsync, postgres.StartAgainAsync);
    }

    private static async Task InterruptAsync(FleetServer server, FleetDatabase database, Func<Task> kill, Func<Task> startAgain)
    {
        // 1  A member with a long log.
        await using var provider = await FakeProvider.StartAsync();
        using var device = new MemberDevice(server.Directory.RootFile);
        await device.ConfigureAsync(provider);
        var enrolled = await device.EnrolWithCodeAsync(server.Url, "member");
        Assert.True(enrolled.ExitCode == 0, enrolled.Everything);
        var options = new AuditLogOptions { DatabasePath = Path.Combine(device.Home, "audit.db"), KeysFolder = Path.Combine(device.Home, "keys") };
        await WriteAsync(options);

        // 2  The upload is under way: the other side dies.
        await using var guard = await device.StartAsync();
        await Bounded.UntilAsync(async () => await StoredAsync(database) > 0, "the arrival of the first records", Patience);
        await kill();

        // 3  The device guards as before.
        await AssertGuardsAsync(guard, provider);

        // 4  The other side is back, with what it had acknowledged and no more: the upload was really cut.
        await startAgain();
        Assert.InRange(await StoredAsync(database), 1, Records - 1);
        await AssertGuardsAsync(guard, provider);

        // 5  In the end both have the same log.
        var reader = await AuditReader.OpenAsync(options, Stop);
        await Bounded.UntilAsync(async () => await StoredAsync(database) is var stored && stored > Records && stored == await SizeAsync(reader), "the arrival of every record", Patience);
        var here = Assert.Single(await reader.HeadsAsync(Stop));
        var there = Assert.Single(await database.Records.HeadsAsync(Stop));
        Assert.Null(there.Failure);
        Assert.Equal((here.StoredSize, here.CoveredSize, here.CoveredRootHash), (there.StoredSize, there.CoveredSize, there.CoveredRootHash));
        Assert.Equal(0, await guard.StopAsync());
    }

    private static async Task AssertGuardsAsync(GuardProcess guard, FakeProvider provider)
    {
        var (before, secret) = (provider.Requests.Count, Some.GitHubToken());
        Assert.Equal(200, (await PostAsync(guard, Some.CleanPrompt())).Status);
        Assert.Equal(400, (await PostAsync(guard, $"export GITHUB_TOKEN={secret}")).Status);
        Assert.Equal(before + 1, provider.Requests.Count);
        Assert.False(provider.HasSeen(secret));
    }

    private static async Task WriteAsync(AuditLogOptions options)
    {
        await using var log = await AuditLog.OpenAsync(options, Stop);
        await Task.WhenAll(Enumerable.Range(0, Records).Select(number => log.AppendAsync(new EventRecord { Time = DateTimeOffset.UtcNow, Name = "test", Detail = $"Record {number}: {new string('x', 400)}" }, Stop)));
    }

    // The row alone: verifying every leaf at each look would take the processor from the upload.
    private static Task<long> StoredAsync(FleetDatabase database) =>
        database.RunAsync(context => Task.FromResult(context.DeviceLogs.Select(l => l.StoredSize).AsEnumerable().Sum()));

    private static Task<long> SizeAsync(AuditReader reader) =>
        reader.QueryAsync(context => Task.FromResult(context.Checkpoints.Max(c => c.Size)));

    private static async Task<RawResponse> PostAsync(GuardProcess guard, string prompt)
    {
        await using var connection = await RawConnection.OpenAsync(guard.Proxy);
        return await connection.RequestAsync(
            "POST", "/openai/v1/chat/completions", guard.Proxy.Authority, ["Content-Type: application/json"], Encoding.UTF8.GetBytes($$"""{"model":"gpt-5","messages":[{"role":"user","content":"{{prompt}}"}]}"""));
    }
}
