using Microsoft.Data.Sqlite;
using Npgsql;

namespace LocalFirst.Guard.Audit.Storage;

/// <summary>Turns what SQLite (sqlite.org/rescode.html) and PostgreSQL say into what a person can do.</summary>
internal static class StorageErrors
{
    private const int Busy = 5;
    private const int ReadOnly = 8;
    private const int InputOutput = 10;
    private const int Corrupt = 11;
    private const int Full = 13;
    private const int CannotOpen = 14;
    private const int NotADatabase = 26;

    /// <summary>What went wrong with the database of a fleet's server.</summary>
    /// <param name="place">The path of its file, or where it lies in the network.</param>
    /// <param name="error">What was thrown.</param>
    public static AuditException ExplainFleet(string place, Exception error)
    {
        if (Find<NpgsqlException>(error) is { } postgres)
        {
            return ExplainPostgreSql(place, postgres.SqlState, error);
        }

        if (Find<SqliteException>(error) is null && (Find<System.Net.Sockets.SocketException>(error) is not null || Find<TimeoutException>(error) is not null))
        {
            return ExplainPostgreSql(place, null, error);
        }

        var (what, next) = Find<SqliteException>(error)?.SqliteErrorCode switch
        {
            Busy => ("is locked by another program", "Close the program that has it open, a database browser for example."),
            ReadOnly => ("is read-only", "Give the file, its folder and its disk to the server's account, writable."),
            InputOutput => ("could not be read or written by the disk", "Check the disk and its free space."),
            Corrupt or NotADatabase => ("is damaged", "Keep the file as evidence and put the last backup in its place: devices send again what came after it."),
            Full => ("cannot grow: the disk is full", "Free some space; until then devices keep their records and send them later."),
            CannotOpen => ("cannot be opened", "Check that the file and its folder belong to the server's account and are writable."),
            _ => ("could not be used", "Check that it belongs to this version of guard and is not damaged."),
        };
        return new AuditException($"The database {place} {what}.\n  → {next}", error);
    }

    /// <summary>What went wrong with a broker's log.</summary>
    /// <param name="path">The path of its file.</param>
    /// <param name="error">What was thrown.</param>
    public static AuditException Explain(string path, Exception error)
    {

        var (what, next) = Find<SqliteException>(error)?.SqliteErrorCode switch
        {
            Busy => ("is locked by another program", "Close the program that has it open, a database browser for example."),
            ReadOnly => ("is read-only", $"Make it writable: chmod u+w '{path}', and check that its folder and disk are writable."),
            InputOutput => ("could not be read or written by the disk", "Check the disk and its free space."),
            Corrupt or NotADatabase => ("is damaged", "Keep the file as evidence, move it away, and start the broker again: it begins a new log epoch that names what was lost."),
            Full => ("cannot grow: the disk is full", "Free some space. Until then nothing that must be recorded can leave this machine."),
            CannotOpen => ("cannot be opened", "Check that the file and its folder are yours and writable."),
            _ => ("could not be used", "Check that the file belongs to this version of the broker and is not damaged."),
        };
        return new AuditException($"The audit log {path} {what}.\n  → {next}", error);
    }

    // SQLSTATE: postgresql.org/docs/current/errcodes-appendix.html
    private static AuditException ExplainPostgreSql(string place, string? state, Exception error)
    {
        var (what, next) = state switch
        {
            "28P01" or "28000" => ("refuses the name or the password", "Check Username and Password of the connection string, and pg_hba.conf of the server."),
            "3D000" => ("does not have that database", "Make it with createdb, or name another in the connection string."),
            "25006" => ("is read-only", "Connect to the primary: this is a standby, or default_transaction_read_only is on."),
            "53100" => ("has no disk space left", "Free some space; until then devices keep their records and send them later."),
            "53300" => ("accepts no more connections", "Raise max_connections, or lower the number of servers."),
            "42501" => ("does not allow this to the user", "Give the user the right to create and write tables in its schema."),
            "57P01" or "57P02" or "57P03" => ("is starting or stopping", "Wait a moment; devices keep their records and send them later."),
            null => ("cannot be reached", "Check Host and Port of the connection string, that the server runs, and the network between."),
            _ => ($"reports an error (SQLSTATE {state})", "Look into the server's own log."),
        };
        return new AuditException($"The database {place} {what}.\n  → {next}", error);
    }

    private static T? Find<T>(Exception? error)
        where T : Exception
    {
        for (; error is not null; error = error.InnerException)
        {
            if (error is T found)
            {
                return found;
            }
        }

        return null;
    }
}
