using LocalFirst.Guard.Audit.Ingest;
using LocalFirst.Guard.Audit.Notes;
using LocalFirst.Guard.Audit.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace LocalFirst.Guard.Audit.Fleet;

/// <summary>
/// The database of a fleet's server: an SQLite file, or a PostgreSQL server that several server processes may share. Opening it applies the
/// migrations.
/// </summary>
public sealed class FleetDatabase
{
    /// <summary>How long to wait for another process that is making the tables: longer than that ever takes, shorter than an operator's patience.</summary>
    private static readonly TimeSpan MigrationPatience = TimeSpan.FromSeconds(30);

    private readonly Func<GuardDbContext> _open;
    private const string SqlitePrefix = "Data Source=";

    private readonly string _place;

    private FleetDatabase(string place, Func<GuardDbContext> open, TimeProvider time)
    {
        _place = place;
        _open = open;
        Time = time;
        Store = new FleetStore(this);
        Records = new FleetRecordSource(this);
    }

    /// <summary>People, devices, documents.</summary>
    public IFleetStore Store { get; }

    /// <summary>The records of every device.</summary>
    public IRecordSource Records { get; }

    internal TimeProvider Time { get; }

    /// <summary>Opens the database and brings its tables up to date.</summary>
    /// <param name="connection">The path of an SQLite file, or a PostgreSQL connection string (<c>Host=…;Database=…;Username=…</c>).</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="AuditException">It cannot be reached or used; the message says why and what to do.</exception>
    public static async Task<FleetDatabase> OpenAsync(string connection, TimeProvider time, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(connection);
        ArgumentNullException.ThrowIfNull(time);
        if (IsUri(connection))
        {
            // Not repeated: such an address often holds a password.
            throw new AuditException("The database is written as a URI (scheme://…), which is not understood here.\n  → Write Host=NAME;Port=5432;Database=guard;Username=guard (the password in PGPASSFILE), or the path of an SQLite file.");
        }

        var isPostgreSql = IsPostgreSql(connection);
        var database = isPostgreSql ? OverNetwork(connection, time) : InFile(connection, time);
        if (isPostgreSql)
        {
            await database.RunAsync(context => MigrateOverNetworkAsync(context, cancellation));
        }
        else
        {
            await database.MigrateInFileAsync(cancellation);
        }

        return database;
    }

    // Servers that start together wait for each other here. EF Core's own lock is on the table of migrations, which the first of them has yet to make.
    private static async Task<int> MigrateOverNetworkAsync(GuardDbContext context, CancellationToken cancellation)
    {
        // Opened first: a database that does not exist is a mistake in the settings, and EF Core would try to make one.
        await context.Database.OpenConnectionAsync(cancellation);
        await context.Database.ExecuteSqlRawAsync("SELECT pg_advisory_lock(hashtextextended('localfirst-guard/migrations', 0))", cancellation);
        try
        {
            if ((await context.Database.GetPendingMigrationsAsync(cancellation)).Any())
            {
                await context.Database.MigrateAsync(cancellation);
            }
        }
        finally
        {
            await context.Database.ExecuteSqlRawAsync("SELECT pg_advisory_unlock(hashtextextended('localfirst-guard/migrations', 0))", CancellationToken.None);
        }

        return 0;
    }

    // EF Core's lock in an SQLite file is a row that a killed process leaves behind for ever; ours is the operating system's.
    private async Task MigrateInFileAsync(CancellationToken cancellation)
    {
        using var alone = await WaitForLockAsync(cancellation);
        await RunAsync(async context =>
        {
            // WAL is kept in the file: readers and the writer do not wait for each other. Its default, synchronous=FULL, stays.
            await context.Database.OpenConnectionAsync(cancellation);
            await context.Database.ExecuteSqlRawAsync("PRAGMA journal_mode=WAL;", cancellation);
            if ((await context.Database.GetPendingMigrationsAsync(cancellation)).Any())
            {
                await context.Database.ExecuteSqlRawAsync("DROP TABLE IF EXISTS __EFMigrationsLock;", cancellation);
                await context.Database.MigrateAsync(cancellation);
            }

            return 0;
        });
    }

    private async Task<WriterLock> WaitForLockAsync(CancellationToken cancellation)
    {
        for (var end = Time.GetUtcNow() + MigrationPatience; ; await Task.Delay(100, cancellation))
        {
            try
            {
                return WriterLock.Take(_place);
            }
            catch (AuditException e) when (e.InnerException is IOException && File.Exists(_place + ".lock") && Time.GetUtcNow() < end)
            {
                // Another server that starts on this file holds it for a moment.
            }
        }
    }

    /// <summary>What takes in the devices' logs.</summary>
    /// <param name="cosigner">Signs checkpoints whose leaves are all stored.</param>
    public LogIngest IngestWith(Cosigner cosigner) => new(this, cosigner);

    /// <summary>Runs a query on a context of its own.</summary>
    /// <exception cref="AuditException">The database cannot be used.</exception>
    internal async Task<T> RunAsync<T>(Func<GuardDbContext, Task<T>> work)
    {
        try
        {
            await using var context = _open();
            return await work(context);
        }
        catch (Exception e) when (IsStorage(e))
        {
            throw StorageErrors.ExplainFleet(_place, e);
        }
    }

    /// <summary>Runs work that nobody else's work on the same subject can interleave with; all of it is durable afterwards, or nothing.</summary>
    /// <param name="subject">What is to be alone, for example a log's origin. On SQLite every write is alone.</param>
    /// <param name="work">The work; it saves its changes itself.</param>
    /// <param name="cancellation">Stops waiting.</param>
    internal Task<T> AloneAsync<T>(string subject, Func<GuardDbContext, Task<T>> work, CancellationToken cancellation) =>
        RunAsync(async context =>
        {
            // SQLite: BEGIN IMMEDIATE, one writer at a time.
            await using var transaction = await context.Database.BeginTransactionAsync(cancellation);
            if (context is PostgreSqlGuardDbContext)
            {
                await context.Database.ExecuteSqlInterpolatedAsync($"SELECT pg_advisory_xact_lock(hashtextextended({subject}, 0))", cancellation);
            }

            var result = await work(context);
            await transaction.CommitAsync(cancellation);
            return result;
        });

    /// <summary>Rows as an enumeration, with the same explanations of errors.</summary>
    internal async IAsyncEnumerable<T> StreamAsync<T>(Func<GuardDbContext, IQueryable<T>> query, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        await using var context = _open();
        await using var rows = query(context).AsAsyncEnumerable().GetAsyncEnumerator(cancellation);
        while (true)
        {
            try
            {
                if (!await rows.MoveNextAsync())
                {
                    yield break;
                }
            }
            catch (Exception e) when (IsStorage(e))
            {
                throw StorageErrors.ExplainFleet(_place, e);
            }

            yield return rows.Current;
        }
    }

    private static bool IsUri(string connection) => connection.Contains("://", StringComparison.Ordinal);

    // Settings begin with a word and "=". Nothing of the kind is taken for the name of a file: with a password in it, it would end up in a folder listing.
    private static bool IsPostgreSql(string connection) =>
        !connection.StartsWith(SqlitePrefix, StringComparison.OrdinalIgnoreCase)
        && connection.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals && connection[..equals].All(c => char.IsAsciiLetter(c) || c == ' ');

    private static FleetDatabase OverNetwork(string connection, TimeProvider time)
    {
        NpgsqlConnectionStringBuilder settings;
        try
        {
            settings = new NpgsqlConnectionStringBuilder(connection) { ApplicationName = "LocalFirst.Guard" };
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            // Its own message may repeat the value of a password.
            throw new AuditException("The PostgreSQL connection string is not one.\n  → Write it as Host=NAME;Port=5432;Database=guard;Username=guard;Password=…, or name the path of an SQLite file.");
        }

        if (string.IsNullOrWhiteSpace(settings.Host))
        {
            throw new AuditException("The PostgreSQL connection string names no server.\n  → Write it as Host=NAME;Port=5432;Database=guard;Username=guard, or name the path of an SQLite file.");
        }

        // Errors then hold no parameter values.
        settings.IncludeErrorDetail = false;
        var options = new DbContextOptionsBuilder<PostgreSqlGuardDbContext>()
            .UseNpgsql(settings.ToString())
            .UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking)
            .Options;
        return new FleetDatabase($"on PostgreSQL {settings.Host}, database {settings.Database}", () => new PostgreSqlGuardDbContext(options), time);
    }

    private static FleetDatabase InFile(string path, TimeProvider time)
    {
        path = path.StartsWith(SqlitePrefix, StringComparison.OrdinalIgnoreCase) ? new SqliteConnectionStringBuilder(path).DataSource : path;
        Keys.PrivateFile.EnsureParent(path);
        LogDatabase.MakePrivate(path, "database");
        var connection = new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWriteCreate, Pooling = false, DefaultTimeout = LogDatabase.DefaultBusyTimeoutMs / 1000 };
        var options = new DbContextOptionsBuilder<SqliteGuardDbContext>()
            .UseSqlite(connection.ToString())
            .UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking)
            .Options;
        return new FleetDatabase(path, () => new SqliteGuardDbContext(options), time);
    }

    private static bool IsStorage(Exception e) => e is not (OperationCanceledException or AuditException or FleetConflictException);
}
