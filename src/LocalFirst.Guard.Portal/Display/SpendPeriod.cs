using System.Globalization;

namespace LocalFirst.Guard.Portal.Display;

/// <summary>A period that a page was asked for: a calendar month, or days from one to another; always UTC, as the budget counts.</summary>
/// <param name="Since">First instant that belongs to it.</param>
/// <param name="Until">First instant that does not.</param>
/// <param name="IsMonth">Whether it is a calendar month.</param>
internal sealed record SpendPeriod(DateTimeOffset Since, DateTimeOffset Until, bool IsMonth)
{
    public string Name => IsMonth
        ? Since.ToString("MMMM yyyy", CultureInfo.InvariantCulture)
        : $"{Since.ToString("d MMM yyyy", CultureInfo.InvariantCulture)} to {Until.AddDays(-1).ToString("d MMM yyyy", CultureInfo.InvariantCulture)}";

    public string Before => Since.AddMonths(-1).ToString("yyyy-MM", CultureInfo.InvariantCulture);

    public string After => Since.AddMonths(1).ToString("yyyy-MM", CultureInfo.InvariantCulture);

    /// <summary>The period of a query; what is not a date of this century means the present month.</summary>
    public static SpendPeriod Of(string? month, string? from, string? to, DateTimeOffset now)
    {
        if (Day(from) is { } first && Day(to) is { } last && first <= last)
        {
            return new SpendPeriod(first, last.AddDays(1), false);
        }

        var begin = Day(month + "-01") ?? new DateTimeOffset(now.UtcDateTime.Year, now.UtcDateTime.Month, 1, 0, 0, 0, TimeSpan.Zero);
        return new SpendPeriod(begin, begin.AddMonths(1), true);
    }

    private static DateTimeOffset? Day(string? text) =>
        DateTime.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) && day.Year is >= 2000 and < 2100
            ? new DateTimeOffset(day, TimeSpan.Zero)
            : null;
}
