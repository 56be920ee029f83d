namespace LocalFirst.Guard.Reports;

/// <summary>A form of a report.</summary>
/// <param name="Name">Its name: <c>html</c>, <c>pdf</c>, <c>csv</c> or <c>json</c>.</param>
/// <param name="MediaType">Its media type.</param>
public sealed record ReportFormat(string Name, string MediaType)
{
    /// <summary>One page for reading, printing and keeping.</summary>
    public static readonly ReportFormat Html = new("html", "text/html; charset=utf-8");

    /// <summary>The same as pages.</summary>
    public static readonly ReportFormat Pdf = new("pdf", "application/pdf");

    /// <summary>Every record of the population, one a line.</summary>
    public static readonly ReportFormat Csv = new("csv", "text/csv; charset=utf-8");

    /// <summary>Everything for programs, with proofs.</summary>
    public static readonly ReportFormat Json = new("json", "application/json");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<ReportFormat> All { get; } = [Html, Pdf, Csv, Json];

    /// <summary>Names that are agreed on and not made yet.</summary>
    public static IReadOnlyList<string> Later { get; } = ["xlsx", "oscal"];

    /// <summary>A format by its name, or null.</summary>
    /// <param name="name">The name.</param>
    public static ReportFormat? Find(string? name) => All.FirstOrDefault(f => f.Name == name);
}

/// <summary>A report cannot be made. The message says what, where and what to do next.</summary>
/// <param name="what">What was wrong and where.</param>
/// <param name="next">What to do next.</param>
public sealed class ReportException(string what, string next) : Exception($"{what}\n  → {next}");
