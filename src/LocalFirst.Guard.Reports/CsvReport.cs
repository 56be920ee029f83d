using System.Globalization;
using System.Text;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Questions;

namespace LocalFirst.Guard.Reports;

/// <summary>Every record that was counted, one a line (RFC 4180), in the order of the logs: the population that all numbers can be counted again from.</summary>
internal static class CsvReport
{
    /// <summary>Columns; later versions add some at the end.</summary>
    public static readonly string[] Columns =
    [
        "device", "person", "epoch", "leaf_index", "leaf_hash", "record", "time", "exchange", "attempt", "client", "provider", "terms", "host", "method", "endpoint", "model", "state", "body_bytes",
        "finding_count", "finding_types", "action", "rule", "policy", "policy_version", "policy_hash", "bundle", "result", "status", "bytes_out", "bytes_in", "answered_by", "error",
    ];

    /// <summary>Characters that are held back until they are written.</summary>
    private const int DefaultBuffer = 64 * 1024;

    /// <summary>Beginnings that spreadsheets take for a formula, in their full-width forms too.</summary>
    private const string FormulaStarts = "=+-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20";

    /// <summary>Columns between <c>exchange</c> and <c>result</c>, which outcomes do not fill.</summary>
    private const int OfDecisions = 18;

    public static async Task WriteAsync(TwoQuestions questions, QuestionPeriod period, QuestionFilter filter, Stream output, CancellationToken cancellation)
    {
        var lines = new StringBuilder();
        AppendLine(lines, Columns);
        _ = await questions.AnswerAsync(
            period,
            filter,
            async record =>
            {
                AppendLine(lines, Fields(record));
                if (lines.Length >= DefaultBuffer)
                {
                    await FlushAsync();
                }
            },
            cancellation);
        await FlushAsync();

        async Task FlushAsync()
        {
            await output.WriteAsync(Encoding.UTF8.GetBytes(lines.ToString()), cancellation);
            lines.Clear();
        }
    }

    internal static void AppendLine(StringBuilder lines, IEnumerable<string> fields)
    {
        var isFirst = true;
        foreach (var field in fields)
        {
            lines.Append(isFirst ? "" : ",").Append(Field(field));
            isFirst = false;
        }

        lines.Append("\r\n");
    }

    /// <summary>One field, quoted where it has to be. One that a spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV injection).</summary>
    internal static string Field(string text)
    {
        var safe = text.Length > 0 && FormulaStarts.Contains(text[0]) ? "'" + text : text;
        return safe.AsSpan().ContainsAny(",\"\r\n\t") ? $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : safe;
    }

    private static string[] Fields(SourcedRecord record)
    {
        string[] place =
        [
            record.Device, record.Person ?? "", Number(record.Epoch), Number(record.LeafIndex), Convert.ToHexStringLower(InclusionProofs.LeafHash(record.Canonical.Span)), record.Record.Type,
            QuestionPeriod.Instant(record.Record.Time),
        ];
        return record.Record switch
        {
            DecisionRecord d =>
            [
                .. place, d.Exchange, Number(d.Attempt), d.Client, d.Provider, d.Terms ?? "", d.Host, d.Method, d.Endpoint, d.Model ?? "", d.State, Number(d.BodyBytes),
                Number(d.FindingCount), string.Join(' ', d.Findings.Select(f => f.Type).Distinct().Order(StringComparer.Ordinal)), d.Action, d.Reasons.FirstOrDefault(r => r.Action == d.Action)?.Rule ?? "",
                d.Policy, d.PolicyVersion, d.PolicyHash, d.Bundle is { } bundle ? Number(bundle) : "", "", "", "", "", "", "",
            ],
            OutcomeRecord o =>
            [
                .. place, o.Exchange, .. Enumerable.Repeat("", OfDecisions),
                o.Result, Number(o.Status), Number(o.BytesOut), Number(o.BytesIn), o.AnsweredBy, o.Error ?? "",
            ],
            _ => throw new InvalidOperationException("Only decisions and outcomes are counted."),
        };
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
