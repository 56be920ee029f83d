using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.Audit.Merkle;
using LocalFirst.Guard.Audit.Records;
using NSec.Cryptography;
using Xunit;

namespace LocalFirst.Guard.Tests.Audit;

/// <summary>Each way to change a log of four exchanges (eight leaves, a checkpoint for each) and the failure that names it.</summary>
public sealed class TamperTests
{
    [Theory]
    [InlineData("UPDATE leaves SET record = CAST(replace(record, 'local', 'allow') AS BLOB) WHERE leaf_index = 2", FailureClass.EntryAltered, 2L)]
    [InlineData("UPDATE leaves SET record = CAST(substr(record, 1, length(record) - 1) AS BLOB) WHERE leaf_index = 7", FailureClass.EntryAltered, 7L)]
    [InlineData("UPDATE leaves SET leaf_hash = zeroblob(32) WHERE leaf_index = 3", FailureClass.EntryAltered, 3L)]
    [InlineData("UPDATE leaves SET type = 'event' WHERE leaf_index = 4", FailureClass.EntryAltered, 4L)]
    [InlineData("UPDATE leaves SET exchange = 'X0009' WHERE leaf_index = 4", FailureClass.EntryAltered, 4L)]
    [InlineData("UPDATE leaves SET time_ms = 0 WHERE leaf_index = 4", FailureClass.EntryAltered, 4L)]
    [InlineData("UPDATE leaves SET sequence = 100 WHERE leaf_index = 4", FailureClass.EntryAltered, 4L)]
    [InlineData("DELETE FROM leaves WHERE leaf_index = 2", FailureClass.EntryMissing, 2L)]
    [InlineData("DELETE FROM leaves WHERE leaf_index = 0", FailureClass.EntryMissing, 0L)]
    [InlineData("DELETE FROM leaves WHERE leaf_index >= 6", FailureClass.EntryMissing, 6L)]
    [InlineData("DELETE FROM leaves", FailureClass.EntryMissing, 0L)]
    [InlineData("DELETE FROM leaves WHERE leaf_index >= 6; DELETE FROM checkpoints WHERE size > 6", FailureClass.Fork, null)]
    [InlineData("DELETE FROM leaves; DELETE FROM checkpoints", FailureClass.Fork, null)]
    [InlineData("UPDATE leaves SET leaf_index = 100 - leaf_index, sequence = 100 - leaf_index WHERE leaf_index IN (2, 4); UPDATE leaves SET leaf_index = leaf_index - 94, sequence = leaf_index - 94 WHERE leaf_index > 50", FailureClass.RootMismatch, null)]
    [InlineData("INSERT INTO leaves SELECT 8, 1, 8, leaf_hash, record, type, exchange, time_ms FROM leaves WHERE leaf_index = 7", FailureClass.EntryUnsigned, 8L)]
    [InlineData("UPDATE leaves SET leaf_index = leaf_index + 50, sequence = sequence + 50 WHERE leaf_index >= 3; UPDATE leaves SET leaf_index = leaf_index - 49, sequence = sequence - 49 WHERE leaf_index >= 50; INSERT INTO leaves SELECT 3, 1, 3, leaf_hash, record, type, exchange, time_ms FROM leaves WHERE leaf_index = 2", FailureClass.RootMismatch, null)]
    [InlineData("UPDATE checkpoints SET note = (SELECT substr(c.note, 1, instr(c.note, '— ') - 1) FROM checkpoints c WHERE c.size = checkpoints.size) || (SELECT substr(d.note, instr(d.note, '— ')) FROM checkpoints d WHERE d.size = 3) WHERE size = 8", FailureClass.SignatureBad, null)]
    [InlineData("UPDATE checkpoints SET note = (SELECT substr(c.note, 1, instr(c.note, '— ') - 1) FROM checkpoints c WHERE c.size = checkpoints.size) || (SELECT substr(d.note, instr(d.note, '— ')) FROM checkpoints d WHERE d.size = 3) WHERE size = 5", FailureClass.SignatureBad, null)]
    [InlineData("UPDATE checkpoints SET note = replace(note, '— localfirst-guard/', '— elsewhere/') WHERE size = 8", FailureClass.SignatureUnknown, null)]
    [InlineData("UPDATE checkpoints SET note = 'nothing' WHERE size = 8", FailureClass.CheckpointBad, null)]
    [InlineData("UPDATE checkpoints SET note = (SELECT note FROM checkpoints c WHERE c.size = 3) WHERE size = 8", FailureClass.CheckpointBad, null)]
    [InlineData("UPDATE leaves SET epoch = 2; UPDATE checkpoints SET epoch = 2", FailureClass.Gap, 0L)]
    [InlineData("DELETE FROM checkpoints WHERE size > 5", FailureClass.EntryUnsigned, 5L)]
    public async Task Each_change_has_its_name(string sql, string failure, long? leaf)
    {
        using var temp = new TempLog();
        await temp.WriteExchangesAsync(4);
        Assert.True((await temp.VerifyAsync()).Intact);
        temp.Tamper(sql);
        var report = await temp.VerifyAsync();
        Assert.NotEmpty(report.Failures);
        Assert.Equal((failure, leaf), (report.Failures[0].Class, report.Failures[0].LeafIndex));

        // The portal's quicker check sees the same, but for a signature under a checkpoint that a later one covers.
        var integrity = await (await temp.ReadAsync()).VerifyAsync(TestContext.Current.CancellationToken);
        Assert.True(!integrity.Intact || (failure == FailureClass.SignatureBad && sql.EndsWith("size = 5", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_record_replaced_together_with_its_hash_changes_the_root()
    {
        using var temp = new TempLog();
        await temp.WriteExchangesAsync(4);
        var forged = RecordWriter.Write(Some.Decision("X0001") with { Action = "block" });
        temp.Tamper($"UPDATE leaves SET record = x'{Convert.ToHexString(forged)}', leaf_hash = x'{Convert.ToHexString(MerkleHash.Leaf(forged))}' WHERE leaf_index = 2");
        var failure = Assert.Single((await temp.VerifyAsync()).Failures);
        Assert.Equal(FailureClass.RootMismatch, failure.Class);
        Assert.Contains("first 3 leaves", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_swapped_device_key_makes_the_signatures_unknown()
    {
        using var temp = new TempLog();
        await temp.WriteExchangesAsync(2);
        using var other = Key.Create(SignatureAlgorithm.Ed25519);
        File.WriteAllBytes(Path.Combine(temp.Keys, DeviceKeys.PublicKeyFile), other.PublicKey.Export(KeyBlobFormat.PkixPublicKeyText));
        Assert.Contains(FailureClass.SignatureUnknown, (await temp.VerifyAsync()).Failures.Select(f => f.Class));
    }

    [Fact]
    public async Task A_log_that_a_foreign_key_signed_is_never_continued()
    {
        using var temp = new TempLog();
        await temp.WriteExchangesAsync(2);
        Directory.Delete(temp.Keys, recursive: true);
        await temp.WriteExchangesAsync(1, "Y");
        var report = await temp.VerifyAsync();
        Assert.Equal(FailureClass.SignatureUnknown, Assert.Single(report.Failures).Class);
        Assert.Equal("device-changed", report.Epochs[1].Reason);
    }

    [Fact]
    public async Task An_outcome_before_its_decision_is_named()
    {
        using var temp = new TempLog();
        await using (var log = await temp.OpenAsync())
        {
            await log.AppendAsync(Some.Outcome("A"), TestContext.Current.CancellationToken);
            await log.AppendAsync(Some.Decision("A"), TestContext.Current.CancellationToken);
        }

        var failure = Assert.Single((await temp.VerifyAsync()).Failures);
        Assert.Equal((FailureClass.OutcomeBeforeDecision, 0L), (failure.Class, failure.LeafIndex));
    }

    [Fact]
    public async Task A_decision_without_an_outcome_is_told_and_is_no_tampering()
    {
        using var temp = new TempLog();
        await using (var log = await temp.OpenAsync())
        {
            await log.AppendAsync(Some.Decision("A"), TestContext.Current.CancellationToken);
        }

        var report = await temp.VerifyAsync();
        Assert.True(report.Intact);
        Assert.Equal(1, report.DecisionsWithoutOutcome);
        Assert.Equal(["A"], report.OpenExchanges);
    }
}
