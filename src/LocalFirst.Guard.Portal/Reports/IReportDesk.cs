using LocalFirst.Guard.Audit.Questions;

namespace LocalFirst.Guard.Portal.Reports;

/// <summary>Makes the reports that people take away from the portal; the host keeps a record of it where several people share a portal.</summary>
public interface IReportDesk
{
    /// <summary>Names of the forms that it makes.</summary>
    IReadOnlyList<string> Formats { get; }

    /// <summary>Makes a report, or begins to.</summary>
    /// <param name="format">One of <see cref="Formats"/>.</param>
    /// <param name="period">The period.</param>
    /// <param name="filter">Which exchanges.</param>
    /// <param name="person">Sign-in name of who takes it; empty where nobody signs in by name.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="PortalException">It cannot be made; the message is for people.</exception>
    Task<ReportFile> MakeAsync(string format, QuestionPeriod period, QuestionFilter filter, string person, CancellationToken cancellation);
}

/// <summary>A report to be sent.</summary>
/// <param name="Name">File name.</param>
/// <param name="MediaType">Media type.</param>
/// <param name="WriteAsync">Writes it, asynchronously only.</param>
public sealed record ReportFile(string Name, string MediaType, Func<Stream, CancellationToken, Task> WriteAsync);
