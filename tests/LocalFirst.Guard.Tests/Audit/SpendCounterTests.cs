using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Spending;
using Xunit;

namespace LocalFirst.Guard.Tests.Audit;

public sealed class SpendCounterTests
{
    private static readonly DateTimeOffset November = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Now = FakeRecords.Now;
    private readonly FakeRecords _source = new();

    [Fact]
    public async Task Cloud_and_local_are_counted_apart_and_together_they_tell_what_was_saved()
    {
        _source.Add("a", "planning", "allow", "forwarded", new RecordedUsage("claude-opus-4-8", 100, 50, 10, 20, 4_000, 4_000, "p"));
        _source.Add("b", "execution", "local", "answered-locally", new RecordedUsage("demo", 200, 0, 0, 30, 0, 9_000, "p"));
        _source.Add("c", "execution", "block", "refused", null);
        _source.Add("d", "execution", "allow", "failed", null);

        var report = await CountAsync();

        var (all, cloud, local) = (report.Sum(), report.Sum(k => !k.IsLocal), report.Sum(k => k.IsLocal));
        Assert.Equal((2L, 4_000L, 9_000L, 410L), (all.Requests, all.CostNanoUsd, all.SavedNanoUsd, all.Tokens));
        Assert.Equal((1L, 180L), (cloud.Requests, cloud.Tokens));
        Assert.Equal((1L, 230L, 0L), (local.Requests, local.Tokens, local.CostNanoUsd));
        Assert.Equal((1L, 1L), (report.Refused, report.Uncharged));
        Assert.Equal(["planning", "execution"], report.By(k => k.Phase).Select(g => g.Name));
    }

    [Fact]
    public async Task What_nobody_knows_is_told_and_is_in_no_sum_of_money()
    {
        _source.Add("a", null, "allow", "forwarded", new RecordedUsage("unheard-of", 100, 0, 0, 20, null, null, null));
        _source.Add("b", null, "allow", "forwarded", new RecordedUsage("claude-opus-4-8", 100, 0, 0, 20, 7, 7, "p", IsEstimate: true));
        _source.Decide("c", "planning", "allow", Now.AddHours(-3));
        _source.Decide("running", "planning", "allow", Now.AddMinutes(-3));

        var all = (await CountAsync()).Sum();

        Assert.Equal((3L, 7L, 2L, 1L), (all.Requests, all.CostNanoUsd, all.UnknownCost, all.Estimated));
    }

    [Fact]
    public async Task An_exchange_belongs_to_the_month_of_its_decision()
    {
        _source.Decide("late", "planning", "allow", November.AddMonths(1).AddSeconds(-1));
        _source.End("late", "forwarded", new RecordedUsage("m", 1, 0, 0, 1, 5, 5, "p"), November.AddMonths(1).AddMinutes(1));
        _source.End("october", "forwarded", new RecordedUsage("m", 1, 0, 0, 1, 900, 900, "p"), November.AddMinutes(1));
        _source.Decide("december", "planning", "allow", November.AddMonths(1).AddMinutes(2));
        _source.End("december", "forwarded", new RecordedUsage("m", 1, 0, 0, 1, 900, 900, "p"), November.AddMonths(1).AddMinutes(3));

        Assert.Equal(5, (await CountAsync()).Sum().CostNanoUsd);
    }

    [Fact]
    public async Task A_policys_model_is_counted_as_itself_and_what_it_cost_more_or_less_is_told()
    {
        _source.Add("a", "planning", "allow", "forwarded", new RecordedUsage("claude-opus-4-8", 1, 0, 0, 1, 50, 20, "p"), modelSent: "claude-opus-4-8");
        var report = await CountAsync();
        Assert.Equal("claude-opus-4-8", report.Rows.Single().Key.Model);
        Assert.Equal(-30, report.Sum().SavedNanoUsd);
    }

    [Fact]
    public async Task Whoever_makes_up_models_does_not_fill_the_memory_and_no_request_is_lost()
    {
        for (var i = 0; i < 5_200; i++)
        {
            _source.Add($"e{i}", "planning", "allow", "forwarded", new RecordedUsage("m", 1, 0, 0, 1, 2, 2, "p"), model: $"model-{i}");
        }

        var report = await CountAsync();
        Assert.Equal((5_001, 200L), (report.Rows.Count, report.Folded));
        Assert.Equal((5_200L, 10_400L), (report.Sum().Requests, report.Sum().CostNanoUsd));
    }

    [Fact]
    public async Task The_same_exchange_id_on_two_devices_is_two_exchanges_of_two_people()
    {
        _source.Add("a", "planning", "allow", "forwarded", new RecordedUsage("m", 1, 0, 0, 1, 2, 2, "p"), device: "d1", person: "ada@example.com");
        _source.Add("a", "planning", "allow", "forwarded", new RecordedUsage("m", 1, 0, 0, 1, 3, 3, "p"), device: "d2", person: "bob@example.com");
        Assert.Equal([("bob@example.com", 3L), ("ada@example.com", 2L)], (await CountAsync()).By(k => k.Person ?? "").Select(g => (g.Name, g.Cloud.CostNanoUsd)));
    }

    private Task<SpendReport> CountAsync() => SpendCounter.CountAsync(_source, November, November.AddMonths(1), Now, TestContext.Current.CancellationToken);
}
