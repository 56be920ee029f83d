using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Questions;
using Xunit;

namespace LocalFirst.Guard.Tests.Audit.Questions;

/// <summary>What is said of a log: never a size of one moment beside a checkpoint of another.</summary>
public sealed class LogStatementTests : IDisposable
{
    private readonly TempLog _log = new();

    public void Dispose() => _log.Dispose();

    [Fact]
    public async Task Size_and_root_are_those_of_the_checkpoint_even_when_more_is_stored()
    {
        var (records, head) = await RecordsAsync();
        records.Heads.Add(head with { StoredSize = head.StoredSize + 5, CoveredRootHash = "AAAA" });

        var statement = Assert.Single((await records.AskAsync()).Logs);

        Assert.Equal((head.StoredSize, head.CoveredRootHash, 5), (statement.Size, statement.RootHash, statement.Newer));
        Assert.True(statement.IsWhole);
    }

    [Fact]
    public async Task Records_that_the_checkpoint_does_not_cover_are_told_and_make_the_answer_not_whole()
    {
        var (records, head) = await RecordsAsync();
        records.Heads.Add(head);
        Assert.True((await records.AskAsync()).IsWhole);
        records.Records.Add(new SourcedRecord(head.Device, null, 1, head.StoredSize, QuestionRecords.Decision("late"), default));

        var answer = await records.AskAsync();

        Assert.Equal((1, 5), (answer.Logs[0].NotCovered, answer.Logs[0].Records));
        Assert.False(answer.IsWhole);
        Assert.Contains("newer than the checkpoint", QuestionWords.Whole(answer), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_checkpoint_that_another_key_signed_is_no_statement_of_this_log()
    {
        var (records, head) = await RecordsAsync();
        using var other = new TempLog();
        await other.WriteExchangesAsync(1);
        var foreign = Assert.Single(await (await other.ReadAsync()).HeadsAsync(TestContext.Current.CancellationToken));
        records.Heads.Add(head with { Checkpoint = foreign.Checkpoint });

        var answer = await records.AskAsync();

        Assert.StartsWith("SIG_BAD", answer.Logs[0].Failure, StringComparison.Ordinal);
        Assert.False(answer.IsWhole);
    }

    [Fact]
    public async Task A_log_without_a_checkpoint_or_with_a_broken_one_says_so()
    {
        var (records, head) = await RecordsAsync();
        records.Heads.Add(head with { Checkpoint = "" });
        Assert.StartsWith("UNSIGNED", (await records.AskAsync()).Logs[0].Failure, StringComparison.Ordinal);
        records.Heads[0] = head with { Checkpoint = "nonsense" };
        Assert.StartsWith("CHECKPOINT_BAD", (await records.AskAsync()).Logs[0].Failure, StringComparison.Ordinal);
        records.Heads[0] = head with { Failure = "FORK: two histories." };
        Assert.Equal("FORK: two histories.", (await records.AskAsync()).Logs[0].Failure);
    }

    [Fact]
    public async Task A_tampered_log_is_named_in_the_answer()
    {
        await _log.WriteExchangesAsync(2);
        _log.Tamper("DELETE FROM leaves WHERE leaf_index = 1");
        var answer = await new TwoQuestions(await _log.ReadAsync(), new QuestionRecords()).AnswerAsync(QuestionRecords.November, QuestionFilter.None, null, TestContext.Current.CancellationToken);
        Assert.False(answer.IsWhole);
        Assert.Contains("ENTRY_MISSING", answer.Logs[0].Failure, StringComparison.Ordinal);
    }

    private async Task<(QuestionRecords Records, LogHead Head)> RecordsAsync()
    {
        await _log.WriteExchangesAsync(2);
        var reader = await _log.ReadAsync();
        var records = new QuestionRecords();
        await foreach (var record in reader.ReadAsync(QuestionRecords.November.From, QuestionRecords.November.To, TestContext.Current.CancellationToken))
        {
            records.Records.Add(record);
        }

        return (records, Assert.Single(await reader.HeadsAsync(TestContext.Current.CancellationToken)));
    }
}
