using System.Globalization;

namespace LocalFirst.Guard.Audit.Questions;

/// <summary>How the answer is worded: one place, so that portal, report and command line say the same.</summary>
public static class QuestionWords
{
    /// <summary>Whether what is sent trains models.</summary>
    /// <param name="terms">The terms.</param>
    public static string Trains(TermsFacts terms)
    {
        ArgumentNullException.ThrowIfNull(terms);
        return terms.Trains switch
        {
            "yes" => "yes",
            "opt-out" => "yes, unless switched off",
            "no" => "no",
            _ => "not known",
        };
    }

    /// <summary>How long it is kept.</summary>
    /// <param name="terms">The terms.</param>
    public static string Retention(TermsFacts terms)
    {
        ArgumentNullException.ThrowIfNull(terms);
        return terms.RetentionDays switch
        {
            null => "not known",
            0 => "not by default",
            1 => "up to 1 day",
            { } days => string.Create(CultureInfo.InvariantCulture, $"up to {days} days"),
        };
    }

    /// <summary>Product and plan.</summary>
    /// <param name="terms">The terms.</param>
    public static string Plan(TermsFacts terms)
    {
        ArgumentNullException.ThrowIfNull(terms);
        return terms.Product is null ? "not known" : $"{terms.Product}, {terms.Plan}";
    }

    /// <summary>What stands behind it.</summary>
    /// <param name="terms">The terms.</param>
    public static string Evidence(TermsFacts terms)
    {
        ArgumentNullException.ThrowIfNull(terms);
        return terms.Evidence switch
        {
            "E0" => "E0, word of contract or administrator",
            "E1" => "E1, stated in the request",
            "E2" => "E2, enforced by the broker",
            "E3" => "E3, enforced by the provider",
            "E4" => "E4, attested in the answer",
            "E5" => "E5, attested out of band",
            _ => "none",
        };
    }

    /// <summary>When the terms were looked up, and whether that is too long ago.</summary>
    /// <param name="group">The group.</param>
    public static string Looked(TermsGroup group)
    {
        ArgumentNullException.ThrowIfNull(group);
        return group.Terms.AsOf is not { } day ? "never" : Day(day) + (group.IsStale ? $" (stale since {Day(group.Terms.FreshUntil!.Value.AddDays(1))})" : "");
    }

    /// <summary>A source with its kind and date.</summary>
    /// <param name="source">The source.</param>
    public static string Source(TermsFactSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return $"{source.Source} ({source.Kind}{(source.Date is { } day ? $", {Day(day)}" : ", no date told")})";
    }

    /// <summary>The answer to the second question in one sentence.</summary>
    /// <param name="counts">The numbers.</param>
    public static string Leaving(QuestionCounts counts)
    {
        ArgumentNullException.ThrowIfNull(counts);
        var may = counts.FlaggedMayHaveLeft == 0 ? "" : $" Of {Number(counts.FlaggedMayHaveLeft)} more the end is not recorded.";
        return (counts.FlaggedLeft == 0
            ? "Nothing left in which something had been found."
            : $"{Number(counts.FlaggedLeft)} of {Number(counts.Left)} requests left although something had been found ({Number(counts.FlaggedFindings)} {(counts.FlaggedFindings == 1 ? "finding" : "findings")}).") + may;
    }

    /// <summary>Whether the logs are whole, in one sentence.</summary>
    /// <param name="answer">The answer.</param>
    public static string Whole(QuestionsAnswer answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        var broken = answer.Logs.Count(l => !l.IsWhole);
        var open = answer.Logs.Sum(l => l.NotCovered);
        return answer.IsWhole
            ? $"Whole: {Number(answer.Logs.Count)} {(answer.Logs.Count == 1 ? "log" : "logs")}, each under a checkpoint whose signature is good."
            : string.Join(" ", new[]
            {
                answer.Logs.Count == 0 ? "There is no log." : null,
                broken > 0 ? $"Logs that are not whole: {Number(broken)} of {Number(answer.Logs.Count)}." : null,
                open > 0 ? $"Records counted that are newer than the checkpoint of their log: {Number(open)}." : null,
                answer.Records.Unreadable > 0 ? $"Records that this version cannot read: {Number(answer.Records.Unreadable)}." : null,
            }.Where(s => s is not null));
    }

    /// <summary>A number with separators.</summary>
    /// <param name="number">The number.</param>
    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A day.</summary>
    /// <param name="day">The day.</param>
    public static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
