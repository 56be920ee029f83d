namespace LocalFirst.Guard.Audit.Questions;

/// <summary>What is known of providers' terms; whoever composes maps the catalogue onto it, so that the audit knows nothing of protocols.</summary>
public interface ITermsFacts
{
    /// <summary>What is known of the terms that a record names.</summary>
    /// <param name="provider">Provider id of the record.</param>
    /// <param name="reference">The record's terms (<c>&lt;id&gt;@&lt;date&gt;</c>); null when it names none.</param>
    TermsFacts Find(string provider, string? reference);
}

/// <summary>Facts about the terms of a group of requests.</summary>
public sealed record TermsFacts
{
    /// <summary>The word for what no source answered.</summary>
    public const string Unknown = "unknown";

    /// <summary>The provider, for people.</summary>
    public required string Provider { get; init; }

    /// <summary>Product; null when it is not known.</summary>
    public string? Product { get; init; }

    /// <summary>Plan; null when it is not known.</summary>
    public string? Plan { get; init; }

    /// <summary>How the plan is known, or that it is not, and what the administrator's inventory says.</summary>
    public required string PlanBasis { get; init; }

    /// <summary><c>yes</c>, <c>opt-out</c> (yes, unless switched off), <c>no</c> or <c>unknown</c>.</summary>
    public string Trains { get; init; } = Unknown;

    /// <summary>More on training; null when nothing more is known.</summary>
    public string? Training { get; init; }

    /// <summary>Most days for which it is kept; null where no source gives a number, which is never zero.</summary>
    public int? RetentionDays { get; init; }

    /// <summary>More on retention; null when nothing more is known.</summary>
    public string? Retention { get; init; }

    /// <summary>Evidence level <c>E0</c>…<c>E5</c>; null when nothing stands behind it.</summary>
    public string? Evidence { get; init; }

    /// <summary>The day on which the terms were looked up; null when they were not.</summary>
    public DateOnly? AsOf { get; init; }

    /// <summary>The last day on which they are not stale.</summary>
    public DateOnly? FreshUntil { get; init; }

    /// <summary>Where they were looked up.</summary>
    public IReadOnlyList<TermsFactSource> Sources { get; init; } = [];

    /// <summary>Whether they are stale at the end of a period.</summary>
    /// <param name="period">The period.</param>
    public bool IsStale(QuestionPeriod period)
    {
        ArgumentNullException.ThrowIfNull(period);
        return FreshUntil is { } until && period.LastDay > until;
    }
}

/// <summary>A source of terms.</summary>
/// <param name="Source">Address or title.</param>
/// <param name="Kind"><c>primary</c>, <c>secondary</c> or <c>mirror</c>.</param>
/// <param name="Date">Its date; null where it tells none.</param>
public sealed record TermsFactSource(string Source, string Kind, DateOnly? Date);
