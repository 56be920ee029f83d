using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Questions;
using LocalFirst.Guard.Portal.Questions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace LocalFirst.Guard.Portal.Reports;

/// <summary>A form for a report and the file that it gives: the same page on a laptop and on the fleet's server.</summary>
/// <param name="time">The clock.</param>
/// <param name="desk">Makes reports; null where the host makes none.</param>
internal abstract class ReportsPage(TimeProvider time, IReportDesk? desk) : PageModel
{
    [BindProperty]
    public string? From { get; set; }

    [BindProperty]
    public string? To { get; set; }

    [BindProperty]
    public string? Provider { get; set; }

    [BindProperty]
    public string? Client { get; set; }

    [BindProperty]
    public string? Person { get; set; }

    [BindProperty]
    public string? Device { get; set; }

    [BindProperty]
    public string? Format { get; set; }

    /// <summary>Whether the records are a fleet's.</summary>
    public abstract bool IsFleet { get; }

    public IReadOnlyList<string> Formats => desk?.Formats ?? [];

    /// <summary>Why there is no file; null when nothing was wrong.</summary>
    public string? Problem { get; private set; }

    public IActionResult OnGet()
    {
        if (desk is null)
        {
            return NotFound();
        }

        _ = QuestionPeriod.TryParse(null, null, time.GetUtcNow(), out var period, out _);
        From = QuestionWords.Day(DateOnly.FromDateTime(period!.From.UtcDateTime));
        To = QuestionWords.Day(period.LastDay);
        return Page();
    }

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellation)
    {
        if (desk is null)
        {
            return NotFound();
        }

        if (!QuestionPeriod.TryParse(From, To, time.GetUtcNow(), out var period, out var problem))
        {
            return Refused(problem!);
        }

        if (Format is null || !desk.Formats.Contains(Format, StringComparer.Ordinal))
        {
            return Refused("Choose one of the forms.");
        }

        try
        {
            var who = User.FindFirst("preferred_username")?.Value ?? "";
            return new ReportResult(await desk.MakeAsync(Format, period!, QuestionsPage.FilterOf(Device, Person, Provider, Client), who, cancellation));
        }
        catch (Exception e) when (e is PortalException or AuditException)
        {
            return Refused(e.Message);
        }
    }

    private PageResult Refused(string problem)
    {
        Problem = problem;
        Response.StatusCode = StatusCodes.Status422UnprocessableEntity;
        return Page();
    }

    /// <summary>The file as the answer: saved, never shown in the portal's own origin.</summary>
    private sealed class ReportResult(ReportFile file) : IActionResult
    {
        public async Task ExecuteResultAsync(ActionContext context)
        {
            var response = context.HttpContext.Response;
            response.ContentType = file.MediaType;
            response.Headers.ContentDisposition = $"attachment; filename=\"{file.Name}\"";
            await file.WriteAsync(response.Body, context.HttpContext.RequestAborted);
        }
    }
}
