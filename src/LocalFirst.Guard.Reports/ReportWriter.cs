using LocalFirst.Guard.Audit.Questions;
using LocalFirst.Guard.Reports.Content;
using LocalFirst.Guard.Reports.Pdf;

namespace LocalFirst.Guard.Reports;

/// <summary>
/// Makes reports. What a report says depends on the records, the period and the version of the program alone: it holds no time of making, so that the same
/// log gives the same bytes.
/// </summary>
/// <param name="questions">Answers over the records.</param>
/// <param name="origin">What the records are, for people: <c>the log of one device</c> or <c>the logs of a fleet</c>.</param>
/// <param name="version">Version of the program.</param>
public sealed class ReportWriter(TwoQuestions questions, string origin, string version)
{
    /// <summary>Writes a report. Nothing is written before everything that can fail for want of something has been tried.</summary>
    /// <param name="format">Its form.</param>
    /// <param name="period">The period.</param>
    /// <param name="filter">Which exchanges.</param>
    /// <param name="output">Where to; written asynchronously only.</param>
    /// <param name="cancellation">Stops it; what was written stays.</param>
    /// <exception cref="ReportException">It cannot be made in this form here.</exception>
    /// <exception cref="Audit.AuditException">The log cannot be read.</exception>
    public async Task WriteAsync(ReportFormat format, QuestionPeriod period, QuestionFilter filter, Stream output, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(format);
        ArgumentNullException.ThrowIfNull(output);
        if (format == ReportFormat.Csv)
        {
            await CsvReport.WriteAsync(questions, period, filter, output, cancellation);
            return;
        }

        if (format == ReportFormat.Json)
        {
            await JsonReport.WriteAsync(questions, period, filter, origin, version, output, cancellation);
            return;
        }

        using var fonts = format == ReportFormat.Pdf ? ReportFonts.Load(ReportFonts.DefaultFolder) : null;
        var document = ReportText.Compose(await questions.AnswerAsync(period, filter, null, cancellation), origin, version);
        var bytes = fonts is null ? HtmlReport.Render(document) : PdfReport.Render(document, period, fonts);
        await output.WriteAsync(bytes, cancellation);
    }
}
