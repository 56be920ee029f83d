using System.Globalization;

namespace LocalFirst.Guard.Audit.Questions;

/// <summary>A period of time, in UTC.</summary>
public sealed record QuestionPeriod
{
    /// <summary>Days of a period that nobody named: what a month's meeting asks about.</summary>
    public const int DefaultDays = 30;

    /// <summary>Creates it.</summary>
    /// <param name="from">First instant that belongs to it.</param>
    /// <param name="to">First instant that does not.</param>
    /// <exception cref="ArgumentException">It ends before it begins.</exception>
    public QuestionPeriod(DateTimeOffset from, DateTimeOffset to)
    {
        From = from.ToUniversalTime();
        To = to.ToUniversalTime();
        if (To <= From)
        {
            throw new ArgumentException("A period ends after it begins.", nameof(to));
        }
    }

    /// <summary>First instant that belongs to it.</summary>
    public DateTimeOffset From { get; }

    /// <summary>First instant that does not.</summary>
    public DateTimeOffset To { get; }

    /// <summary>Its last day.</summary>
    public DateOnly LastDay => DateOnly.FromDateTime(To.UtcDateTime.AddTicks(-1));

    /// <summary>As <c>--from</c> and <c>--to</c> or a form's fields say it.</summary>
    /// <param name="from">A day (from its beginning) or an RFC 3339 instant; null or empty for <see cref="DefaultDays"/> before the end.</param>
    /// <param name="to">A day (to its end) or an RFC 3339 instant, which no longer belongs to it; null or empty for the end of today.</param>
    /// <param name="now">Now.</param>
    /// <param name="period">The period.</param>
    /// <param name="problem">What is wrong; null when nothing is.</param>
    public static bool TryParse(string? from, string? to, DateTimeOffset now, out QuestionPeriod? period, out string? problem)
    {
        period = null;
        problem = null;
        var today = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero);
        var end = today.AddDays(1);
        if (!string.IsNullOrEmpty(to) && !TryInstant(to, isEnd: true, out end))
        {
            problem = "The end is neither a day (2026-11-30) nor an instant (2026-11-30T12:00:00Z).";
            return false;
        }

        var begin = end.AddDays(-Math.Min(DefaultDays, (end - DateTimeOffset.MinValue).Days));
        if (!string.IsNullOrEmpty(from) && !TryInstant(from, isEnd: false, out begin))
        {
            problem = "The beginning is neither a day (2026-11-01) nor an instant (2026-11-01T00:00:00Z).";
            return false;
        }

        if (end <= begin)
        {
            problem = "The period ends before it begins.";
            return false;
        }

        period = new QuestionPeriod(begin, end);
        return true;
    }

    /// <summary>An instant as records write it, without milliseconds where there are none.</summary>
    /// <param name="time">The instant.</param>
    public static string Instant(DateTimeOffset time) =>
        time.UtcDateTime.ToString(time.Millisecond == 0 ? "yyyy-MM-dd'T'HH:mm:ss'Z'" : "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override string ToString() => $"{Instant(From)} to {Instant(To)} (UTC; the end does not belong to it)";

    private static bool TryInstant(string text, bool isEnd, out DateTimeOffset instant)
    {
        instant = default;
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
        {
            if (isEnd && day == DateOnly.MaxValue)
            {
                return false;
            }

            instant = new DateTimeOffset((isEnd ? day.AddDays(1) : day).ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
            return true;
        }

        string[] forms = ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.fffK", "yyyy-MM-dd'T'HH:mmK"];
        return text.Length > 16 && (text.EndsWith('Z') || text[^6] is '+' or '-')
            && DateTimeOffset.TryParseExact(text, forms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out instant);
    }
}
