using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace LocalFirst.Guard.Audit.Storage;

/// <summary>
/// The hot path: leaves and their checkpoint in one transaction, by prepared commands on the context's own connection. Change tracking would cost more
/// than the commit.
/// </summary>
internal sealed class LogWriter : IDisposable
{
    private readonly SqliteCommand _begin;
    private readonly SqliteCommand _commit;
    private readonly SqliteCommand _rollback;
    private readonly SqliteCommand _insertLeaf;
    private readonly SqliteCommand _insertCheckpoint;

    public LogWriter(GuardDbContext context)
    {
        var connection = (SqliteConnection)context.Database.GetDbConnection();
        _begin = Prepare(connection, "BEGIN IMMEDIATE");
        _commit = Prepare(connection, "COMMIT");
        _rollback = Prepare(connection, "ROLLBACK");
        _insertLeaf = Prepare(
            connection,
            "INSERT INTO leaves (sequence, epoch, leaf_index, leaf_hash, record, type, exchange, time_ms) VALUES ($s, $e, $i, $h, $r, $t, $x, $m)",
            "$s", "$e", "$i", "$h", "$r", "$t", "$x", "$m");
        _insertCheckpoint = Prepare(connection, "INSERT INTO checkpoints (epoch, size, note) VALUES ($e, $s, $n)", "$e", "$s", "$n");
    }

    /// <summary>All of it is on disk when this returns, or nothing of it is in the log.</summary>
    /// <exception cref="SqliteException">Nothing was written.</exception>
    public void Commit(IEnumerable<LeafRow> leaves, CheckpointRow checkpoint)
    {
        _begin.ExecuteNonQuery();
        try
        {
            foreach (var leaf in leaves)
            {
                Insert(leaf);
            }

            _insertCheckpoint.Parameters[0].Value = checkpoint.Epoch;
            _insertCheckpoint.Parameters[1].Value = checkpoint.Size;
            _insertCheckpoint.Parameters[2].Value = checkpoint.Note;
            _insertCheckpoint.ExecuteNonQuery();
            _commit.ExecuteNonQuery();
        }
        catch
        {
            RollBack();
            throw;
        }
    }

    public void Dispose()
    {
        _begin.Dispose();
        _commit.Dispose();
        _rollback.Dispose();
        _insertLeaf.Dispose();
        _insertCheckpoint.Dispose();
    }

    private void Insert(LeafRow leaf)
    {
        var parameters = _insertLeaf.Parameters;
        parameters[0].Value = leaf.Sequence;
        parameters[1].Value = leaf.Epoch;
        parameters[2].Value = leaf.Index;
        parameters[3].Value = leaf.Hash;
        parameters[4].Value = leaf.Record;
        parameters[5].Value = leaf.Type;
        parameters[6].Value = (object?)leaf.Exchange ?? DBNull.Value;
        parameters[7].Value = leaf.TimeMs;
        _insertLeaf.ExecuteNonQuery();
    }

    private void RollBack()
    {
        try
        {
            _rollback.ExecuteNonQuery();
        }
        catch (SqliteException)
        {
            // SQLite rolls back by itself on a full disk and on input/output errors (sqlite.org/lang_transaction.html): then there is nothing left to do.
        }
    }

    private static SqliteCommand Prepare(SqliteConnection connection, string sql, params string[] parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var name in parameters)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = name });
        }

        return command;
    }
}
