using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Questions;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace LocalFirst.Guard.Portal.Questions;

/// <summary>The two questions for a period that stands in the address: the same page on a laptop and on the fleet's server.</summary>
/// <param name="time">The clock.</param>
/// <param name="questions">The answers; null where the host has none.</param>
internal abstract class QuestionsPage(TimeProvider time, TwoQuestions? questions) : PageModel
{
    /// <summary>Longest value of a filter: no id and no sign-in name is longer.</summary>
    private const int LongestFilter = 256;

    [BindProperty(SupportsGet = true)]
    public string? From { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? To { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? Device { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? Person { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? Provider { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? Client { get; set; }

    /// <summary>Whether the records are a fleet's.</summary>
    public abstract bool IsFleet { get; }

    public QuestionsAnswer? Answer { get; private set; }

    /// <summary>Why there is no answer; null when there is one.</summary>
    public string? Problem { get; private set; }

    public async Task<IActionResult> OnGetAsync(CancellationToken cancellation)
    {
        if (questions is null)
        {
            return NotFound();
        }

        if (!QuestionPeriod.TryParse(From, To, time.GetUtcNow(), out var period, out var problem))
        {
            Problem = problem;
            return Page();
        }

        try
        {
            Answer = await questions.AnswerAsync(period!, FilterOf(Device, Person, Provider, Client), null, cancellation);
        }
        catch (AuditException e)
        {
            Problem = e.Message;
        }

        return Page();
    }

    /// <summary>A filter as a form sends it: what is empty or too long lets everything, or nothing, through.</summary>
    public static QuestionFilter FilterOf(string? device, string? person, string? provider, string? client)
    {
        return new QuestionFilter(Value(device), Value(person), Value(provider), Value(client));

        static string? Value(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Length <= LongestFilter ? text.Trim() : text[..LongestFilter];
    }

    /// <summary>The address of this page with another provider; everything else stays.</summary>
    public string AddressOf(string? provider) => Microsoft.AspNetCore.WebUtilities.QueryHelpers.AddQueryString(
        "/questions",
        new Dictionary<string, string?> { ["from"] = From, ["to"] = To, ["device"] = Device, ["person"] = Person, ["client"] = Client, ["provider"] = provider }
            .Where(p => !string.IsNullOrEmpty(p.Value)));

    /// <summary>The day of a field of the form.</summary>
    public string DayOf(string? given, bool isEnd) =>
        DateOnly.TryParseExact(given, "yyyy-MM-dd", out _) ? given!
        : Answer is null ? ""
        : QuestionWords.Day(isEnd ? Answer.Period.LastDay : DateOnly.FromDateTime(Answer.Period.From.UtcDateTime));
}
