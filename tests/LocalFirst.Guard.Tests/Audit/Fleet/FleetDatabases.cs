using LocalFirst.Guard.Testing;
using Xunit;

namespace LocalFirst.Guard.Tests.Audit.Fleet;

/// <summary>A kind of database that the fleet's tests run on; every test gets one of its own.</summary>
public abstract class FleetDatabases
{
    /// <summary>A connection to an empty database.</summary>
    public abstract Task<string> NewAsync();
}

public sealed class SqliteDatabases : FleetDatabases, IDisposable
{
    private readonly TempLog _folder = new();

    public override Task<string> NewAsync() => Task.FromResult(Path.Combine(_folder.Home, Guid.NewGuid().ToString("N") + ".db"));

    public void Dispose() => _folder.Dispose();
}

public sealed class PostgreSqlDatabases : FleetDatabases, IAsyncLifetime
{
    private PostgreSqlServer? _server;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public override async Task<string> NewAsync()
    {
        // Not in InitializeAsync: a skip belongs to a test.
        _server ??= await PostgreSqlServer.StartAsync();
        var name = "test_" + Guid.NewGuid().ToString("N");
        await using var connection = new Npgsql.NpgsqlConnection(_server.Connection);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = $"CREATE DATABASE {name}";
        await command.ExecuteNonQueryAsync();
        return _server.Connection.Replace("Database=postgres", $"Database={name}", StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}
