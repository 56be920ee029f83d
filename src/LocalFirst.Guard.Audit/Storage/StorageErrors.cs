using Microsoft.Data.Sqlite;

namespace LocalFirst.Guard.Audit.Storage;

/// <summary>Turns what SQLite says (sqlite.org/rescode.html) into what a person can do.</summary>
internal static class StorageErrors
{
    private const int Busy = 5;
    private const int ReadOnly = 8;
    private const int InputOutput = 10;
    private const int Corrupt = 11;
    private const int Full = 13;
    private const int CannotOpen = 14;
    private const int NotADatabase = 26;

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
