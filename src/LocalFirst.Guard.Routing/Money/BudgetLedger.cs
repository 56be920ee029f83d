using System.Globalization;

namespace LocalFirst.Guard.Routing;

/// <summary>What a month has cost so far.</summary>
/// <param name="Month">First instant of the month, UTC.</param>
/// <param name="SpentNanoUsd">Settled, in 10⁻⁹ US dollars.</param>
/// <param name="ReservedNanoUsd">Held for requests that are running.</param>
public sealed record BudgetState(DateTimeOffset Month, long SpentNanoUsd, long ReservedNanoUsd);

/// <summary>
/// What this device spends at providers in a calendar month (UTC), reserved before a request leaves and settled when its answer has told what it
/// used, so that many at once cannot overdraw a budget together. Keeps nothing: at the start the log tells it. Safe for concurrent use.
/// </summary>
/// <param name="time">The clock.</param>
public sealed class BudgetLedger(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (DateTimeOffset Month, long NanoUsd)> _reserved = new(StringComparer.Ordinal);
    private DateTimeOffset _month = MonthOf(time.GetUtcNow());
    private long _spent;
    private long _held;

    /// <summary>The present month.</summary>
    public BudgetState State
    {
        get
        {
            lock (_lock)
            {
                Turn();
                return new BudgetState(_month, _spent, _held);
            }
        }
    }

    /// <summary>First instant of the month of an instant, UTC.</summary>
    /// <param name="instant">The instant.</param>
    public static DateTimeOffset MonthOf(DateTimeOffset instant) => new(instant.UtcDateTime.Year, instant.UtcDateTime.Month, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Adds what the log tells of exchanges before this start.</summary>
    /// <param name="decided">When the exchange was decided upon: its cost belongs to that month.</param>
    /// <param name="nanoUsd">What it cost, or is held to have cost, in 10⁻⁹ US dollars.</param>
    public void Restore(DateTimeOffset decided, long nanoUsd)
    {
        lock (_lock)
        {
            Turn();
            if (MonthOf(decided) == _month)
            {
                _spent += nanoUsd;
            }
        }
    }

    /// <summary>Holds an amount for a request, or says why it may not be spent.</summary>
    /// <param name="exchange">Id of the exchange.</param>
    /// <param name="nanoUsd">The estimate, in 10⁻⁹ US dollars.</param>
    /// <param name="budgetUsd">The month's budget in US dollars; null for none.</param>
    /// <returns>Null when it is held; else a sentence with amount, month and mend.</returns>
    public string? TryReserve(string exchange, long nanoUsd, decimal? budgetUsd)
    {
        lock (_lock)
        {
            Turn();
            if (budgetUsd is { } budget)
            {
                var left = (budget * 1_000_000_000m) - _spent - _held;
                if (left <= 0 || nanoUsd > left)
                {
                    return Refusal(budget, nanoUsd, left);
                }
            }

            _held += nanoUsd;
            _reserved[exchange] = (_month, nanoUsd);
            return null;
        }
    }

    /// <summary>Settles a request, and lets go of what was held for it. Without a reservation the cost is added all the same.</summary>
    /// <param name="exchange">Id of the exchange.</param>
    /// <param name="nanoUsd">What it cost; 0 when nothing was spent.</param>
    public void Settle(string exchange, long nanoUsd)
    {
        lock (_lock)
        {
            Turn();
            var month = _month;
            if (_reserved.Remove(exchange, out var held))
            {
                month = held.Month;
                _held -= month == _month ? held.NanoUsd : 0;
            }

            _spent += month == _month ? nanoUsd : 0;
        }
    }

    /// <summary>Begins the next month when the clock has. What still runs belongs to the month in which it was decided upon.</summary>
    private void Turn()
    {
        var month = MonthOf(time.GetUtcNow());
        if (month != _month)
        {
            (_month, _spent, _held) = (month, 0, 0);
        }
    }

    private string Refusal(decimal budget, long nanoUsd, decimal left)
    {
        var spent = Dollars((_spent + _held) / 1_000_000_000m);
        var month = _month.ToString("MMMM yyyy", CultureInfo.InvariantCulture);
        var cost = left > 0 ? $" and this request would take about {Dollars(nanoUsd / 1_000_000_000m)} more" : "";
        return $"The budget of {Dollars(budget)} for {month} (UTC) is used up: {spent} spent or held{cost}. It begins anew on {_month.AddMonths(1).ToString("d MMMM", CultureInfo.InvariantCulture)}; budget.monthlyUsd of the policy sets it.";
    }

    private static string Dollars(decimal usd) => string.Create(CultureInfo.InvariantCulture, $"${usd:0.00##}");
}
