using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.Audit.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Xunit;

namespace LocalFirst.Guard.Tests.Audit;

public sealed class AuditLogTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_appended_is_read_back_and_verifies()
    {
        using var temp = new TempLog();
        await using var log = await temp.OpenAsync();
        var decision = await log.AppendAsync(Some.Decision("A"), Cancellation);
        var outcome = await log.AppendAsync(Some.Outcome("A"), Cancellation);
        await log.AppendAsync(Some.Decision("B"), Cancellation);
        Assert.Equal((0, 1, 1), (decision.Index, outcome.Index, outcome.Epoch));

        var entries = await log.ListExchangesAsync(10, null, Cancellation);
        Assert.Equal(["B", "A"], entries.Select(e => e.Decision.Exchange));
        Assert.Null(entries[0].Outcome);
        Assert.Equal(Some.Outcome("A"), entries[1].Outcome);
        Assert.Equal("A", Assert.Single(await log.ListExchangesAsync(10, entries[0].DecisionIndex, Cancellation)).Decision.Exchange);
        Assert.Equal("B", Assert.Single(await log.ListExchangesAsync(1, null, Cancellation)).Decision.Exchange);
        Assert.Equal(0, (await log.FindExchangeAsync("A", Cancellation))!.DecisionIndex);
        Assert.Null(await log.FindExchangeAsync("C", Cancellation));

        var integrity = await log.VerifyAsync(Cancellation);
        Assert.Equal((true, 3L, log.Origin, null), (integrity.Intact, integrity.Size, integrity.Origin, integrity.Failure));
        Assert.Equal($"localfirst-guard/{log.DeviceId}/1", log.Origin);
        Assert.StartsWith(log.Origin + "+", log.VerifierKey, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_retried_exchange_stands_in_the_list_once_with_its_last_decision()
    {
        using var temp = new TempLog();
        await using var log = await temp.OpenAsync();
        await log.AppendAsync(Some.Decision("A"), Cancellation);
        await log.AppendAsync(Some.Outcome("A") with { Result = "failed" }, Cancellation);
        await log.AppendAsync(Some.Decision("A") with { Attempt = 2 }, Cancellation);
        await log.AppendAsync(Some.Outcome("A"), Cancellation);
        var entry = Assert.Single(await log.ListExchangesAsync(10, null, Cancellation));
        Assert.Equal((2, "answered-locally"), (entry.Decision.Attempt, entry.Outcome!.Result));
        Assert.True((await log.VerifyAsync(Cancellation)).Intact);
    }

    [Fact]
    public async Task Sixteen_writers_at_once_get_distinct_indexes_without_holes()
    {
        using var temp = new TempLog();
        await using var log = await temp.OpenAsync();
        var positions = await Task.WhenAll(Enumerable.Range(0, 16).Select(w => Task.Run(
            async () =>
            {
                var own = new List<long>();
                for (var i = 0; i < 25; i++)
                {
                    own.Add((await log.AppendAsync(Some.Decision($"W{w:D2}-{i:D2}"), Cancellation)).Index);
                }

                Assert.Equal(own.Order(), own);
                return own;
            },
            Cancellation)));
        Assert.Equal(Enumerable.Range(0, 400).Select(i => (long)i), positions.SelectMany(p => p).Order());
        Assert.True((await temp.VerifyAsync()).Intact);
    }

    [Fact]
    public async Task A_log_goes_on_after_it_was_closed()
    {
        using var temp = new TempLog();
        await temp.WriteExchangesAsync(3);
        await temp.WriteExchangesAsync(2, "Y");
        var report = await temp.VerifyAsync();
        Assert.True(report.Intact);
        Assert.Equal((10L, 5L, 0L), (report.Records, report.Decisions, report.DecisionsWithoutOutcome));
        Assert.Equal(1, Assert.Single(report.Epochs).Epoch);
    }

    [Fact]
    public async Task After_a_kill_every_acknowledged_record_is_there_and_the_log_goes_on()
    {
        using var temp = new TempLog();
        for (var round = 0; round < 3; round++)
        {
            using var killed = new TempLog();
            var acknowledged = 0L;
            await using (var log = await temp.OpenAsync())
            {
                using var stop = new CancellationTokenSource();
                var writers = Enumerable.Range(0, 4).Select(w => Task.Run(async () =>
                {
                    while (!stop.IsCancellationRequested)
                    {
                        var position = await log.AppendAsync(Some.Decision($"R{round}-{w}-{Guid.NewGuid():N}"));
                        InterlockedMax(ref acknowledged, position.Index);
                    }
                })).ToList();
                while (Interlocked.Read(ref acknowledged) < 30 * (round + 1))
                {
                    await Task.Yield();
                }

                // What a killed process leaves is what the files hold at one moment. The guard is copied first, because it is written last; the
                // write-ahead log of so few records is never folded into the database meanwhile.
                var before = Interlocked.Read(ref acknowledged);
                TempLog.CopyTo(temp.Keys, MakeKeys(killed));
                File.Copy(temp.Database, killed.Database);
                File.Copy(temp.Database + "-wal", killed.Database + "-wal");
                await stop.CancelAsync();
                await Task.WhenAll(writers);
                acknowledged = before;
            }

            await using (var again = await killed.OpenAsync())
            {
                var next = await again.AppendAsync(Some.Event(), Cancellation);
                Assert.Equal(1, next.Epoch);
                Assert.True(next.Index > acknowledged, $"acknowledged {acknowledged}, but the next leaf is {next.Index}");
            }

            Assert.True((await killed.VerifyAsync()).Intact);
        }

        static string MakeKeys(TempLog log)
        {
            GuardHome.CreatePrivate(log.Keys);
            return log.Keys;
        }
    }

    [Fact]
    public async Task A_restored_old_copy_begins_a_new_epoch_and_verification_names_the_fork()
    {
        using var temp = new TempLog();
        await temp.WriteExchangesAsync(2);
        var old = File.ReadAllBytes(temp.Database);
        await temp.WriteExchangesAsync(2, "Y");
        File.WriteAllBytes(temp.Database, old);

        await using (var log = await temp.OpenAsync())
        {
            Assert.EndsWith("/2", log.Origin, StringComparison.Ordinal);
            var position = await log.AppendAsync(Some.Event(), Cancellation);
            Assert.Equal((2L, 2L), (position.Index, position.Epoch));
        }

        var entries = await (await temp.ReadAsync()).ReadAsync(4, 10, Cancellation);
        var epoch = Assert.IsType<EpochRecord>(entries[0].Record);
        Assert.Equal(("rolled-back", 2L, 0L), (epoch.Reason, epoch.Epoch, entries[0].LeafIndex));
        Assert.Contains("/1\n8\n", epoch.Previous, StringComparison.Ordinal);
        Assert.Equal("log-epoch-started", Assert.IsType<EventRecord>(entries[1].Record).Name);

        var report = await temp.VerifyAsync();
        var failure = Assert.Single(report.Failures);
        Assert.Equal((FailureClass.Fork, 1L), (failure.Class, failure.Epoch));
        Assert.Equal([4L, 3L], report.Epochs.Select(e => e.Size));

        // The new epoch then goes on like any other.
        await temp.WriteExchangesAsync(1, "Z");
        Assert.Equal(2, (await temp.VerifyAsync()).Epochs.Count);
    }

    [Fact]
    public async Task A_deleted_database_begins_a_new_epoch_and_verification_names_the_gap()
    {
        using var temp = new TempLog();
        await temp.WriteExchangesAsync(2);
        File.Delete(temp.Database);
        await temp.WriteExchangesAsync(1, "Y");
        var report = await temp.VerifyAsync();
        Assert.Equal(FailureClass.Gap, Assert.Single(report.Failures).Class);
        Assert.Equal(2, Assert.Single(report.Epochs).Epoch);
    }

    [Fact]
    public async Task A_log_whose_end_was_cut_off_is_not_signed_again()
    {
        using var temp = new TempLog();
        await temp.WriteExchangesAsync(3);
        temp.Tamper("DELETE FROM leaves WHERE leaf_index >= 4; DELETE FROM checkpoints WHERE size > 4;");
        await using var log = await temp.OpenAsync();
        Assert.EndsWith("/2", log.Origin, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_with_another_tree_than_was_signed_is_not_signed_again()
    {
        using var temp = new TempLog();
        await temp.WriteExchangesAsync(3);
        temp.Tamper("UPDATE leaves SET leaf_hash = zeroblob(32) WHERE leaf_index = 2;");
        await using var log = await temp.OpenAsync();
        Assert.EndsWith("/2", log.Origin, StringComparison.Ordinal);
        Assert.Equal("altered", Assert.IsType<EpochRecord>((await (await temp.ReadAsync()).ReadAsync(6, 1, Cancellation))[0].Record).Reason);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_lost_or_garbled_outside_checkpoint_begins_an_epoch_with_a_number_never_used(bool garbled)
    {
        using var temp = new TempLog();
        await temp.WriteExchangesAsync(2);
        var guard = Path.Combine(temp.Keys, ForkGuard.FileName);
        if (garbled)
        {
            File.WriteAllBytes(guard, new byte[] { 1, 2, 3 });
        }
        else
        {
            File.Delete(guard);
        }

        Assert.Equal(FailureClass.GuardMissing, Assert.Single((await temp.VerifyAsync()).Failures).Class);
        await temp.WriteExchangesAsync(1, "Y");
        var report = await temp.VerifyAsync();
        Assert.True(report.Intact);
        Assert.Equal("guard-lost", report.Epochs[1].Reason);
        Assert.True(report.Epochs[1].Epoch > 1_700_000_000);
    }

    [Fact]
    public async Task A_crash_between_commit_and_outside_checkpoint_is_no_fork()
    {
        using var temp = new TempLog();
        await temp.WriteExchangesAsync(2);
        var guard = File.ReadAllBytes(Path.Combine(temp.Keys, ForkGuard.FileName));
        await temp.WriteExchangesAsync(2, "Y");
        File.WriteAllBytes(Path.Combine(temp.Keys, ForkGuard.FileName), guard);
        Assert.True((await temp.VerifyAsync()).Intact);
        await using var log = await temp.OpenAsync();
        Assert.EndsWith("/1", log.Origin, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_writer_is_refused_and_told_who_holds_the_log()
    {
        using var temp = new TempLog();
        await using (var log = await temp.OpenAsync())
        {
            var error = await Assert.ThrowsAsync<AuditException>(temp.OpenAsync);
            Assert.Contains($"process {Environment.ProcessId}", error.Message, StringComparison.Ordinal);
        }

        await using var again = await temp.OpenAsync();
        await again.AppendAsync(Some.Event(), Cancellation);
    }

    [Fact]
    public async Task A_read_only_database_is_refused_with_the_mend()
    {
        using var temp = new TempLog();
        await temp.WriteExchangesAsync(1);
        UnixMode.Set(temp.Database, UnixFileMode.UserRead);
        var error = await Assert.ThrowsAsync<AuditException>(temp.OpenAsync);
        Assert.Contains("read-only", error.Message, StringComparison.Ordinal);
        Assert.Contains("chmod u+w", error.Message, StringComparison.Ordinal);
        Assert.True((await temp.VerifyAsync()).Intact);
    }

    [Fact]
    public async Task A_damaged_database_is_refused_with_the_mend()
    {
        using var temp = new TempLog();
        File.WriteAllBytes(temp.Database, new byte[8192].Select((_, i) => (byte)(i * 7)).ToArray());
        Assert.Contains("is damaged", (await Assert.ThrowsAsync<AuditException>(temp.OpenAsync)).Message, StringComparison.Ordinal);
        Assert.Contains("is damaged", (await Assert.ThrowsAsync<AuditException>(temp.ReadAsync)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_a_full_disk_every_appender_is_told_and_the_log_goes_on_when_there_is_room()
    {
        using var temp = new TempLog();
        await using var log = await temp.OpenAsync();
        await log.AppendAsync(Some.Decision("A"), Cancellation);
        log.LimitPages(1);
        var failures = 0;
        await Task.WhenAll(Enumerable.Range(0, 40).Select(async i =>
        {
            try
            {
                await log.AppendAsync(Some.Decision($"B{i}"), Cancellation);
            }
            catch (AuditException e)
            {
                Assert.Contains("disk is full", e.Message, StringComparison.Ordinal);
                Interlocked.Increment(ref failures);
            }
        }));
        Assert.InRange(failures, 1, 40);

        log.LimitPages(1_000_000);
        var next = await log.AppendAsync(Some.Decision("C"), Cancellation);
        Assert.Equal(41 - failures, next.Index);
        Assert.True((await temp.VerifyAsync()).Intact);
    }

    [Fact]
    public async Task A_closed_log_refuses_records()
    {
        using var temp = new TempLog();
        var log = await temp.OpenAsync();
        await log.DisposeAsync();
        await log.DisposeAsync();
        await Assert.ThrowsAsync<AuditException>(() => log.AppendAsync(Some.Event(), Cancellation));
    }

    [Fact]
    public async Task The_tables_refuse_updates_and_deletions()
    {
        using var temp = new TempLog();
        await temp.WriteExchangesAsync(1);
        using var connection = new SqliteConnection($"Data Source={temp.Database};Pooling=False");
        connection.Open();
        foreach (var sql in new[] { "UPDATE leaves SET type = 'x'", "DELETE FROM leaves", "UPDATE checkpoints SET note = ''", "DELETE FROM checkpoints", "INSERT INTO leaves VALUES (9, 1, 9, 'text', 'text', 1, 1, 1)" })
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            Assert.Throws<SqliteException>(() => command.ExecuteNonQuery());
        }
    }

    [Fact]
    public async Task Database_files_are_readable_by_their_owner_alone()
    {
        using var temp = new TempLog();
        await using var log = await temp.OpenAsync();
        await log.AppendAsync(Some.Event(), Cancellation);
        foreach (var file in Directory.GetFiles(temp.Home, "*", SearchOption.AllDirectories))
        {
            Assert.Equal(UnixMode.OwnerOnly, UnixMode.Get(file));
        }

        Assert.Equal(["audit.db", "audit.db-shm", "audit.db-wal", "audit.db.lock", "audit.db.pid"], Directory.GetFiles(temp.Home).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_model_has_a_migration_for_everything_in_it()
    {
        using var temp = new TempLog();
        await temp.WriteExchangesAsync(1);
        await using var context = LogDatabase.OpenForReading(temp.Database);
        Assert.False(context.Database.HasPendingModelChanges());
        Assert.Empty(await context.Database.GetPendingMigrationsAsync(Cancellation));
    }

    [Fact]
    public async Task A_reader_of_a_missing_log_is_told_how_to_get_one()
    {
        using var temp = new TempLog();
        Assert.Contains("guard run", (await Assert.ThrowsAsync<AuditException>(temp.ReadAsync)).Message, StringComparison.Ordinal);
    }

    private static void InterlockedMax(ref long target, long value)
    {
        for (var seen = Interlocked.Read(ref target); value > seen;)
        {
            seen = Interlocked.CompareExchange(ref target, value, seen);
        }
    }
}
