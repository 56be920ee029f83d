using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Audit.Keys;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
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
    public async Task A_group_whose_name_holds_a_line_feed_is_not_two_groups()
    {
        var store = await OpenAsync();
        await store.SavePersonAsync(new FleetPerson("oid-1", "tid", "eve@example.test", ["harmless\ngroup-security", "g1"], Now), Stop);

        Assert.Equal(["g1"], (await store.FindPersonAsync("oid-1", Stop))!.Groups);
    }

    [Theory]
    [InlineData("leaves", "INSERT INTO leaves (sequence, epoch, leaf_index, leaf_hash, record, type, time_ms) VALUES (0, 1, 0, {0}, {0}, 'event', 0)")]
    [InlineData("checkpoints", "INSERT INTO checkpoints (epoch, size, note) VALUES (1, 1, 'note')")]
    [InlineData("documents", "INSERT INTO documents (kind, name, version, text, hash, written_by, written_ms) VALUES ('policy', 'a', 1, 'text', 'hash', 'ada', 0)")]
    [InlineData("bundles", "INSERT INTO bundles (device_id, version, content_hash, issued_ms) VALUES ('a', 1, 'hash', 0)")]
    [InlineData("device_leaves", "INSERT INTO device_leaves (device_id, epoch, leaf_index, leaf_hash, record, type, time_ms) VALUES ('a', 1, 0, {0}, {0}, 'event', 0)")]
    [InlineData("device_checkpoints", "INSERT INTO device_checkpoints (device_id, epoch, size, note) VALUES ('a', 1, 1, 'note')")]
    [InlineData("device_other_checkpoints", "INSERT INTO device_other_checkpoints (device_id, epoch, size, root, note, seen_ms) VALUES ('a', 1, 1, 'root', 'note', 0)")]
    public async Task What_only_grows_can_be_added_to_and_neither_changed_nor_deleted(string table, string insert)
    {
        var connection = await databases.NewAsync();
        var database = await FleetDatabase.OpenAsync(connection, TimeProvider.System, Stop);
        Assert.Equal(1, await database.RunAsync(context => context.Database.ExecuteSqlRawAsync(insert, [new byte[32]], Stop)));
        var column = insert[(insert.IndexOf('(', StringComparison.Ordinal) + 1)..insert.IndexOf(',', StringComparison.Ordinal)];
        string[] changes = [$"UPDATE {table} SET {column} = {column}", $"DELETE FROM {table}", .. connection.Contains("Host=", StringComparison.Ordinal) ? [$"TRUNCATE {table}"] : Array.Empty<string>()];
        foreach (var sql in changes)
        {
            var error = await Assert.ThrowsAsync<AuditException>(() => database.RunAsync(context => context.Database.ExecuteSqlRawAsync(sql, Stop)));
            Assert.Contains("append-only", error.InnerException!.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Servers_that_start_at_once_on_an_empty_database_all_start()
    {
        var connection = await databases.NewAsync();

        var opened = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => FleetDatabase.OpenAsync(connection, TimeProvider.System, Stop))));

        await opened[0].Store.EnrollAsync(Device("a", 1), Stop);
        Assert.All(await Task.WhenAll(opened.Select(o => o.Store.ListDevicesAsync(Stop))), devices => Assert.Single(devices));
    }

    [Fact]
    public async Task A_server_with_other_keys_does_not_start_on_the_database_of_a_fleet()
    {
        using var folder = new TempLog();
        using var own = FleetKeys.Open(Path.Combine(folder.Home, "own"));
        using var other = FleetKeys.Open(Path.Combine(folder.Home, "other"));
        var store = await OpenAsync();
        await FleetIdentity.ClaimAsync(store, own, "own", TimeProvider.System, Stop);
        await FleetIdentity.ClaimAsync(store, own, "own", TimeProvider.System, Stop);

        var error = await Assert.ThrowsAsync<AuditException>(() => FleetIdentity.ClaimAsync(store, other, "other", TimeProvider.System, Stop));

        Assert.Contains(own.FleetId, error.Message, StringComparison.Ordinal);
        Assert.Contains("→ Copy fleet-id", error.Message, StringComparison.Ordinal);
    }

    private static FleetDevice Device(string id, byte key) => new(id, "laptop", Enumerable.Repeat(key, 32).ToArray(), "oid-1", Now, null, null, null);

    private static FleetDocument Document(string name, long version, string text) => new("policy", name, version, text, new string('0', 64), "ada", Now);

    private async Task<IFleetStore> OpenAsync() => (await FleetDatabase.OpenAsync(await databases.NewAsync(), TimeProvider.System, Stop)).Store;
}

public sealed class FleetDatabaseErrorTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Host=127.0.0.1;Port=1;Database=guard;Username=guard;Timeout=2", "cannot be reached")]
    [InlineData("Host=name.invalid;Database=guard;Username=guard;Timeout=2", "cannot be reached")]
    [InlineData("Host=127.0.0.1;Port=none", "connection string")]
    [InlineData("Database=guard;Username=guard", "names no server")]
    public async Task An_unusable_connection_says_what_to_do(string connection, string expected)
    {
        var error = await Assert.ThrowsAsync<AuditException>(() => FleetDatabase.OpenAsync(connection, TimeProvider.System, Stop));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("→", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgresql://guard:{0}@db.example.test/guard")]
    [InlineData("postgres://db.example.test/guard?password={0}")]
    [InlineData("PostgreSQL://{0}")]
    [InlineData("Password={0};Database=guard")]
    [InlineData("Username=guard;Password={0}")]
    public async Task What_is_no_path_never_becomes_a_file_and_is_not_repeated(string connection)
    {
        using var folder = new TempLog();
        var secret = "hunter" + 2;

        var error = await Assert.ThrowsAsync<AuditException>(() => FleetDatabase.OpenAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, connection, secret), TimeProvider.System, Stop));

        Assert.DoesNotContain(secret, error.ToString(), StringComparison.Ordinal);
        Assert.Contains("→ Write ", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists("postgresql:") || File.Exists("Password=" + secret));
    }

    [Fact]
    public async Task A_server_that_was_killed_while_it_made_the_tables_starts_again()
    {
        using var folder = new TempLog();
        var path = Path.Combine(folder.Home, "fleet.db");
        await using (var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString()))
        {
            await connection.OpenAsync(Stop);
            await using var command = connection.CreateCommand();
            command.CommandText = """CREATE TABLE "__EFMigrationsLock" ("Id" INTEGER NOT NULL PRIMARY KEY, "Timestamp" TEXT NOT NULL); INSERT INTO "__EFMigrationsLock" VALUES (1, '2026-11-25 00:00:00+00:00');""";
            await command.ExecuteNonQueryAsync(Stop);
        }

        var database = await FleetDatabase.OpenAsync(path, TimeProvider.System, Stop).WaitAsync(TimeSpan.FromMinutes(1), Stop);

        Assert.Empty(await database.Store.ListDevicesAsync(Stop));
    }
}
