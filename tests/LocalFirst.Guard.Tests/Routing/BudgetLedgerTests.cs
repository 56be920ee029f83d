using LocalFirst.Guard.Routing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace LocalFirst.Guard.Tests.Routing;

public sealed class BudgetLedgerTests
{
    private const long Dollar = 1_000_000_000;
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 22, 9, 0, 0, TimeSpan.Zero));
    private readonly BudgetLedger _ledger;

    public BudgetLedgerTests() => _ledger = new BudgetLedger(_time);

    [Fact]
    public void What_is_held_counts_until_it_is_settled()
    {
        Assert.Null(_ledger.TryReserve("a", 6 * Dollar, 10));
        Assert.NotNull(_ledger.TryReserve("b", 5 * Dollar, 10));
        _ledger.Settle("a", 2 * Dollar);
        Assert.Null(_ledger.TryReserve("b", 5 * Dollar, 10));
        Assert.Equal(new BudgetState(new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero), 2 * Dollar, 5 * Dollar), _ledger.State);
    }

    [Fact]
    public void A_refusal_names_amount_month_and_mend()
    {
        _ledger.Restore(_time.GetUtcNow(), 9 * Dollar);
        var refusal = _ledger.TryReserve("a", 2 * Dollar, 10)!;
        Assert.Equal(
            "The budget of $10.00 for November 2026 (UTC) is used up: $9.00 spent or held and this request would take about $2.00 more. It begins anew on 1 December; budget.monthlyUsd of the policy sets it.",
            refusal);
    }

    [Fact]
    public void A_budget_of_zero_lets_nothing_go_not_even_what_costs_nothing() => Assert.NotNull(_ledger.TryReserve("a", 0, 0));

    [Fact]
    public void A_failed_request_gives_back_what_was_held()
    {
        Assert.Null(_ledger.TryReserve("a", 10 * Dollar, 10));
        _ledger.Settle("a", 0);
        Assert.Null(_ledger.TryReserve("b", 10 * Dollar, 10));
    }

    [Fact]
    public void The_next_month_begins_with_nothing_and_what_still_runs_belongs_to_the_last()
    {
        Assert.Null(_ledger.TryReserve("a", 8 * Dollar, 10));
        _time.Advance(TimeSpan.FromDays(9));
        Assert.Null(_ledger.TryReserve("b", 9 * Dollar, 10));
        _ledger.Settle("a", 8 * Dollar);
        Assert.Equal(0, _ledger.State.SpentNanoUsd);
        Assert.Equal(9 * Dollar, _ledger.State.ReservedNanoUsd);
        _ledger.Restore(new DateTimeOffset(2026, 11, 30, 23, 59, 59, TimeSpan.Zero), 5 * Dollar);
        Assert.Equal(0, _ledger.State.SpentNanoUsd);
    }

    [Fact]
    public async Task Two_hundred_at_once_never_hold_more_than_the_budget()
    {
        var granted = 0;
        await Parallel.ForAsync(0, 200, TestContext.Current.CancellationToken, (i, _) =>
        {
            if (_ledger.TryReserve($"e{i}", Dollar, 50) is null)
            {
                Interlocked.Increment(ref granted);
            }

            return ValueTask.CompletedTask;
        });
        Assert.Equal(50, granted);
        Assert.Equal(50 * Dollar, _ledger.State.ReservedNanoUsd);
    }
}
