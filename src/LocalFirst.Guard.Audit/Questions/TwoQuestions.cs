namespace LocalFirst.Guard.Audit.Questions;

/// <summary>Answers the two questions over records.</summary>
/// <param name="records">The records: a device's or a fleet's.</param>
/// <param name="terms">What is known of providers' terms.</param>
public sealed class TwoQuestions(IRecordSource records, ITermsFacts terms)
{
    /// <summary>How long after the period outcomes are looked for: no exchange runs longer.</summary>
    public static readonly TimeSpan DefaultTail = TimeSpan.FromHours(1);

    /// <summary>The records that it reads.</summary>
    public IRecordSource Records => records;

    /// <summary>
    /// Counts a period in one pass; memory is bounded by groups, logs and a window of exchanges that still run, never by records.
    /// <code>
    /// 1  the logs' checkpoints      (first: what is written afterwards is told as not covered, and never claimed to be)
    /// 2  every record once, by device: decisions open an exchange, outcomes end it, a full window closes its oldest
    /// 3  the answer, in an order that depends on nothing but the records
    /// </code>
    /// </summary>
    /// <param name="period">The period: an exchange belongs to it when it was decided in it.</param>
    /// <param name="filter">Which exchanges.</param>
    /// <param name="each">Called with every decision and outcome that is counted, in the order of the logs; null for nothing.</param>
    /// <param name="cancellation">Stops reading.</param>
    /// <exception cref="AuditException">A log cannot be read.</exception>
    public async Task<QuestionsAnswer> AnswerAsync(QuestionPeriod period, QuestionFilter filter, Func<SourcedRecord, ValueTask>? each = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(period);
        ArgumentNullException.ThrowIfNull(filter);
        var logs = new LogStatements(await records.HeadsAsync(cancellation), filter);
        var pass = new QuestionPass(period, filter, terms, logs);
        await foreach (var record in records.ReadAsync(period.From, EndOf(period), cancellation))
        {
            if (pass.Read(record) && each is not null)
            {
                await each(record);
            }
        }

        return pass.Answer();
    }

    private static DateTimeOffset EndOf(QuestionPeriod period) =>
        DateTimeOffset.MaxValue - period.To > DefaultTail ? period.To + DefaultTail : DateTimeOffset.MaxValue;
}
