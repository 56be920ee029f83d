using System.Globalization;
using System.Security.Cryptography;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Audit.Questions;
using LocalFirst.Guard.Portal;
using LocalFirst.Guard.Portal.Reports;
using LocalFirst.Guard.Reports;

namespace LocalFirst.Guard.Questions;

/// <summary>The portal's reports. On a server each is written down before its first byte goes out; what cannot be written down does not go.</summary>
/// <param name="writer">Makes them.</param>
/// <param name="journal">The server's journal; null on a device, whose portal one person has.</param>
internal sealed class ReportDesk(ReportWriter writer, IServerJournal? journal) : IReportDesk
{
    public IReadOnlyList<string> Formats { get; } = [.. ReportFormat.All.Select(f => f.Name)];

    public async Task<ReportFile> MakeAsync(string format, QuestionPeriod period, QuestionFilter filter, string person, CancellationToken cancellation)
    {
        var form = ReportFormat.Find(format) ?? throw new PortalException($"There are no reports of the form {format}.", $"Choose one of {string.Join(", ", Formats)}.");
        var name = string.Create(CultureInfo.InvariantCulture, $"localfirst-guard-{period.From.UtcDateTime:yyyyMMdd}-{period.LastDay:yyyyMMdd}.{form.Name}");

        // CSV grows with the records and goes out as it is read; the others are bounded and are known, with their hash, before they go.
        if (form == ReportFormat.Csv)
        {
            await RecordAsync(form, period, filter, person, null, cancellation);
            return new ReportFile(name, form.MediaType, (output, stop) => writer.WriteAsync(form, period, filter, output, stop));
        }

        byte[] bytes;
        try
        {
            using var buffer = new MemoryStream();
            await writer.WriteAsync(form, period, filter, buffer, cancellation);
            bytes = buffer.ToArray();
        }
        catch (ReportException e)
        {
            var lines = e.Message.Split("\n  → ", 2);
            throw new PortalException(lines[0], lines[^1]);
        }

        await RecordAsync(form, period, filter, person, bytes, cancellation);
        return new ReportFile(name, form.MediaType, async (output, stop) => await output.WriteAsync(bytes, stop));
    }

    private Task RecordAsync(ReportFormat form, QuestionPeriod period, QuestionFilter filter, string person, byte[]? bytes, CancellationToken cancellation) =>
        journal?.RecordAsync(
            "report-exported",
            $"{form.Name}, {period}, filter {filter}{(bytes is null ? "" : $", SHA-256 {Convert.ToHexStringLower(SHA256.HashData(bytes))}")}",
            person,
            cancellation) ?? Task.CompletedTask;
}
