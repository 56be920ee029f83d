using LocalFirst.Guard.Audit.Questions;
using LocalFirst.Guard.Reports;

namespace LocalFirst.Guard.Questions;

/// <summary>Report writers of this program.</summary>
internal static class ReportWriters
{
    /// <summary>Over an opened source.</summary>
    public static ReportWriter Over(QuestionSource source) => Over(source.Questions, source.IsFleet);

    /// <summary>Over answers.</summary>
    public static ReportWriter Over(TwoQuestions questions, bool isFleet) => new(
        questions,
        isFleet ? "the logs of a fleet, as far as they were uploaded and verified" : "the log of one device",
        typeof(ReportWriters).Assembly.GetName().Version?.ToString(3) ?? "");
}
