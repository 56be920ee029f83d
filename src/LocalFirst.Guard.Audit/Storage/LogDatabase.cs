using LocalFirst.Guard.Audit.Keys;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace LocalFirst.Guard.Audit.Storage;

/// <summary>Opens the SQLite file for the one writer and for readers.</summary>
internal static class LogDatabase
{
    /// <summary>How long to wait for another program's lock, in milliseconds: longer than any commit of ours, shorter than a client's patience.</summary>
    public const int DefaultBusyTimeoutMs = 5000;

    /// <summary>
    /// The writer's context with its connection open, the file private and the migrations applied. <c>synchronous=FULL</c>, because with NORMAL a power
    /// loss may drop the last commits, and the log would then sign another tree of the same size (sqlite.org/pragma.html#pragma_synchronous).
    /// </summary>
    /// <remarks>The caller holds the <see cref="WriterLock"/>.</remarks>
    public static async Task<GuardDbContext> OpenForWritingAsync(string path, CancellationToken cancellation)
    {
        MakePrivate(path);
        var context = new SqliteGuardDbContext(Options(path, SqliteOpenMode.ReadWriteCreate));
        try
        {
            await context.Database.OpenConnectionAsync(cancellation);
            await context.Database.ExecuteSqlRawAsync(
                $"PRAGMA busy_timeout={DefaultBusyTimeoutMs}; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;",
                cancellation);
            if ((await context.Database.GetPendingMigrationsAsync(cancellation)).Any())
            {
                // EF Core's own migration lock is a row that a killed process leaves behind for ever; the writer lock makes it superfluous.
                await context.Database.ExecuteSqlRawAsync("DROP TABLE IF EXISTS __EFMigrationsLock;", cancellation);
                await context.Database.MigrateAsync(cancellation);
            }

            return context;
        }
        catch
        {
            await context.DisposeAsync();
            throw;
        }
    }

    public static GuardDbContext OpenForReading(string path) =>
        new SqliteGuardDbContext(Options(path, SqliteOpenMode.ReadOnly));

    /// <summary>For a copy on a medium that cannot be written: SQLite needs a -shm file beside a WAL database unless it is told that nothing changes.</summary>
    public static GuardDbContext OpenImmutable(string path) =>
        new SqliteGuardDbContext(Options($"file:{Uri.EscapeDataString(path).Replace("%2F", "/", StringComparison.Ordinal)}?immutable=1", SqliteOpenMode.ReadOnly));

    private static DbContextOptions<SqliteGuardDbContext> Options(string source, SqliteOpenMode mode)
    {
        // Not pooled: a pooled connection would keep file and write-ahead log open after the log was closed.
        var connection = new SqliteConnectionStringBuilder { DataSource = source, Mode = mode, Pooling = false, DefaultTimeout = DefaultBusyTimeoutMs / 1000 };
        return new DbContextOptionsBuilder<SqliteGuardDbContext>()
            .UseSqlite(connection.ToString())
            .UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking)
            .Options;
    }

    // SQLite gives -wal and -shm the mode of the database file, so one file is enough.
    internal static void MakePrivate(string path, string what = "audit log")
    {
        try
        {
            PrivateFile.EnsureParent(path);
            if (!File.Exists(path))
            {
                using var made = new FileStream(path, PrivateFile.Options(FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite));
                return;
            }

            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & UnixFileMode.UserWrite) == 0)
            {
                throw new AuditException($"The {what} {path} is read-only.\n  → Make it writable: chmod u+w '{path}'. Until then nothing that must be recorded there can happen.");
            }

            PrivateFile.MakePrivate(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AuditException($"The {what} {path} cannot be made or opened.\n  → Check that the file and its folder are yours and writable, and that the disk is not full.", e);
        }
    }
}
