using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Fleet;
using Xunit;

namespace LocalFirst.Guard.Tests.Audit.Fleet;

public sealed class FleetStoreOnSqliteTests(SqliteDatabases databases) : FleetStoreTests(databases), IClassFixture<SqliteDatabases>;

public sealed class FleetStoreOnPostgreSqlTests(PostgreSqlDatabases databases) : FleetStoreTests(databases), IClassFixture<PostgreSqlDatabases>;

/// <summary>What the store promises, on every kind of database alike.</summary>
public abstract class FleetStoreTests(FleetDatabases databases)
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 10, 0, 0, TimeSpan.Zero);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_person_is_kept_as_the_newest_token_told()
    {
        var store = await OpenAsync();
        await store.SavePersonAsync(new FleetPerson("oid-1", "tid", "ada@example.test", ["g1", "g2"], Now), Stop);
        await store.SavePersonAsync(new FleetPerson("oid-1", "tid", "ada@example.test", ["g2", "g3"], Now.AddHours(1)), Stop);

        var person = await store.FindPersonAsync("oid-1", Stop);

        Assert.Equal(["g2", "g3"], person!.Groups);
        Assert.Equal(Now.AddHours(1), person.Seen);
        Assert.Single(await store.ListPeopleAsync(Stop));
    }

    [Fact]
    public async Task A_device_enrols_twice_with_its_key_and_never_with_another()
    {
        var store = await OpenAsync();
        await store.EnrollAsync(Device("a", 1), Stop);
        await store.EnrollAsync(Device("a", 1) with { Name = "renamed" }, Stop);

        var error = await Assert.ThrowsAsync<FleetConflictException>(() => store.EnrollAsync(Device("a", 2), Stop));

        Assert.Contains("another key", error.Message, StringComparison.Ordinal);
        Assert.Equal("renamed", Assert.Single(await store.ListDevicesAsync(Stop)).Name);
    }

    [Fact]
    public async Task A_revoked_device_stays_revoked()
    {
        var store = await OpenAsync();
        await store.EnrollAsync(Device("a", 1), Stop);
        await store.RevokeDeviceAsync("a", Now, Stop);
        await store.RevokeDeviceAsync("a", Now.AddDays(1), Stop);

        await Assert.ThrowsAsync<FleetConflictException>(() => store.EnrollAsync(Device("a", 1), Stop));

        Assert.Equal(Now, (await store.FindDeviceAsync("a", Stop))!.Revoked);
    }

    [Fact]
    public async Task What_a_device_obeys_is_kept_until_it_says_something_new()
    {
        var store = await OpenAsync();
        await store.EnrollAsync(Device("a", 1), Stop);
        await store.TouchDeviceAsync("a", Now, 3, Stop);
        await store.TouchDeviceAsync("a", Now.AddMinutes(1), null, Stop);

        var device = await store.FindDeviceAsync("a", Stop);

        Assert.Equal(3, device!.BundleVersion);
        Assert.Equal(Now.AddMinutes(1), device.LastSeen);
    }

    [Fact]
    public async Task Of_two_who_write_the_same_version_one_is_told_to_look_again()
    {
        var store = await OpenAsync();
        await store.AddDocumentAsync(Document("strict", 1, "a"), Stop);
        var writes = Enumerable.Range(0, 8).Select(i => Record.ExceptionAsync(() => store.AddDocumentAsync(Document("strict", 2, $"b{i}"), Stop)).AsTask());

        var errors = await Task.WhenAll(writes);

        Assert.Single(errors, e => e is null);
        Assert.All(errors.Where(e => e is not null), e => Assert.IsType<FleetConflictException>(e));
        Assert.Equal([2L, 1L], (await store.ReadHistoryAsync("policy", "strict", Stop)).Select(d => d.Version));
        Assert.Equal(2, Assert.Single(await store.ListDocumentsAsync("policy", Stop)).Version);
    }

    [Fact]
    public async Task A_bundle_gets_a_new_version_only_when_it_says_something_else()
    {
        var store = await OpenAsync();

        Assert.Equal(1, await store.BundleVersionAsync("a", "h1", Now, Stop));
        Assert.Equal(1, await store.BundleVersionAsync("a", "h1", Now, Stop));
        Assert.Equal(2, await store.BundleVersionAsync("a", "h2", Now, Stop));
        Assert.Equal(3, await store.BundleVersionAsync("a", "h1", Now, Stop));
        Assert.Equal(1, await store.BundleVersionAsync("b", "h1", Now, Stop));
    }

    [Fact]
    public async Task Opening_again_finds_everything()
    {
        var connection = await databases.NewAsync();
        await (await FleetDatabase.OpenAsync(connection, TimeProvider.System, Stop)).Store.EnrollAsync(Device("a", 1), Stop);

        var again = await FleetDatabase.OpenAsync(connection, TimeProvider.System, Stop);

        Assert.Equal("a", Assert.Single(await again.Store.ListDevicesAsync(Stop)).Id);
    }

    [Fact]
    public async Task Documents_can_be_added_and_neither_changed_nor_deleted()
    {
        var connection = await databases.NewAsync();
        var database = await FleetDatabase.OpenAsync(connection, TimeProvider.System, Stop);
        await database.Store.AddDocumentAsync(Document("strict", 1, "a"), Stop);
        foreach (var sql in new[] { "UPDATE documents SET text = 'b'", "DELETE FROM documents" })
        {
            await Assert.ThrowsAsync<AuditException>(() => database.RunAsync(context => Microsoft.EntityFrameworkCore.RelationalDatabaseFacadeExtensions.ExecuteSqlRawAsync(context.Database, sql, Stop)));
        }
    }

    private static FleetDevice Device(string id, byte key) => new(id, "laptop", Enumerable.Repeat(key, 32).ToArray(), "oid-1", Now, null, null, null);

    private static FleetDocument Document(string name, long version, string text) => new("policy", name, version, text, new string('0', 64), "ada", Now);

    private async Task<IFleetStore> OpenAsync() => (await FleetDatabase.OpenAsync(await databases.NewAsync(), TimeProvider.System, Stop)).Store;
}

public sealed class FleetDatabaseErrorTests
{
    [Theory]
    [InlineData("Host=127.0.0.1;Port=1;Database=guard;Username=guard;Timeout=2", "cannot be reached")]
    [InlineData("Host=127.0.0.1;Port=none", "connection string")]
    public async Task An_unusable_connection_says_what_to_do(string connection, string expected)
    {
        var error = await Assert.ThrowsAsync<AuditException>(() => FleetDatabase.OpenAsync(connection, TimeProvider.System, TestContext.Current.CancellationToken));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("→", error.Message, StringComparison.Ordinal);
    }
}
