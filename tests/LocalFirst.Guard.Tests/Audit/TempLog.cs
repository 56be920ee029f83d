using LocalFirst.Guard.Audit;
using Microsoft.Data.Sqlite;
using Xunit;

namespace LocalFirst.Guard.Tests.Audit;

/// <summary>A home folder that goes away with the test.</summary>
internal sealed class TempLog : IDisposable
{
    public TempLog()
    {
        Directory.CreateDirectory(Home);
    }

    public string Home { get; } = Path.Combine(Path.GetTempPath(), "guard-audit-" + Guid.NewGuid().ToString("N"));

    public string Database => Path.Combine(Home, "audit.db");

    public string Keys => Path.Combine(Home, "keys");

    public AuditLogOptions Options => new() { DatabasePath = Database, KeysFolder = Keys };

    public Task<AuditLog> OpenAsync() => AuditLog.OpenAsync(Options, TestContext.Current.CancellationToken);

    public Task<AuditReader> ReadAsync() => AuditReader.OpenAsync(Options, TestContext.Current.CancellationToken);

    public async Task<VerificationReport> VerifyAsync() =>
        await (await ReadAsync()).VerifyAsync(everySignature: true, TestContext.Current.CancellationToken);

    /// <summary>Writes this many exchanges, a commit a record, and closes the log.</summary>
    public async Task WriteExchangesAsync(int count, string prefix = "X")
    {
        await using var log = await OpenAsync();
        for (var i = 0; i < count; i++)
        {
            await log.AppendAsync(Some.Decision($"{prefix}{i:D4}"), TestContext.Current.CancellationToken);
            await log.AppendAsync(Some.Outcome($"{prefix}{i:D4}"), TestContext.Current.CancellationToken);
        }
    }

    /// <summary>What somebody with write access to the file can do; the triggers are dropped first.</summary>
    public void Tamper(string sql)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Database, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"DROP TRIGGER leaves_no_update; DROP TRIGGER leaves_no_delete; DROP TRIGGER checkpoints_no_update; DROP TRIGGER checkpoints_no_delete; {sql}";
        command.ExecuteNonQuery();
    }

    public TempLog Copy()
    {
        var copy = new TempLog();
        CopyTo(Home, copy.Home);
        return copy;
    }

    public static void CopyTo(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var file in Directory.GetFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)), overwrite: true);
        }

        foreach (var folder in Directory.GetDirectories(from))
        {
            var target = Path.Combine(to, Path.GetFileName(folder));
            GuardHome.CreatePrivate(target);
            CopyTo(folder, target);
        }
    }

    public void Dispose() => Directory.Delete(Home, recursive: true);
}
