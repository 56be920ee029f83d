using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Policies.Assignment;
using LocalFirst.Guard.Portal.Access;
using LocalFirst.Guard.Portal.Editing;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace LocalFirst.Guard.Portal.Pages.Fleet;

/// <summary>Changes the assignments, in a table or as text. Both become the same text and pass the same check.</summary>
[LetsIn(FleetRoles.PolicyWrite)]
[LongestForm(TypedText.MaxFormBytes)]
[RequestFormLimits(ValueCountLimit = 8 * (AssignmentFile.MaxAssignments + FreeRows))]
internal sealed partial class EditAssignmentsModel(IAssignmentSource source, AssignmentEditor editor) : PageModel
{
    private const int FreeRows = 3;

    [BindProperty]
    public long Base { get; set; }

    [BindProperty(SupportsGet = true)]
    public string? As { get; set; }

    public bool IsText => As == "text";

    [BindProperty]
    public string? Text { get; set; }

    // A list of its own, so that the binder takes it as it is.
    [BindProperty]
    public List<AssignmentRow> Rows { get; set; } = [];

    public bool HasComments { get; private set; }

    public IReadOnlyList<string> Policies { get; private set; } = [];

    public EditProblem? Problem { get; private set; }

    /// <summary>Row that the problem is in, from 0; null when it is about the whole.</summary>
    public int? WrongRow { get; private set; }

    public FleetDocument? Newer { get; private set; }

    public async Task<IActionResult> OnGetAsync(CancellationToken cancellation)
    {
        var now = await source.ReadAsync(cancellation);
        if (now.File is not null)
        {
            return Redirect("/assignments");
        }

        Base = now.Version;
        Text = now.Text.Length > 0 ? now.Text : "assignments: []\n";
        HasComments = Comment().IsMatch(now.Text);
        Rows = [.. now.Set.Assignments.Select(a => AssignmentRow.Of(AssignmentWriter.Typed(a)))];
        await FillAsync(cancellation);
        return Page();
    }

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellation)
    {
        var kept = Rows.Where(r => !r.Remove && !r.IsEmpty).ToList();
        Text = IsText ? TypedText.Normal(Text) : AssignmentWriter.Write(kept.Select(r => r.Typed()));
        var result = await editor.SaveAsync(Base, Text, User.SignInName(), cancellation);
        if (result.Saved is not null)
        {
            return Redirect("/assignments");
        }

        Newer = result.Newer;
        if (Newer is not null)
        {
            // Whoever saves again has seen it.
            Base = Newer.Version;
        }

        Problem = result.Problem;
        if (Problem is not null && !IsText)
        {
            // The form has no lines: its row and field say where.
            WrongRow = Row().Match(Problem.Field) is { Success: true } row && int.Parse(row.Groups[1].Value, CultureInfo.InvariantCulture) is var index && index < kept.Count ? Rows.IndexOf(kept[index]) : null;
            Problem = Problem with { Line = null, Field = WrongRow is { } wrong ? $"row {wrong + 1}{Problem.Field[(Problem.Field.IndexOf(']', StringComparison.Ordinal) + 1)..].Replace('.', ' ')}" : "" };
        }

        await FillAsync(cancellation);
        ModelState.Clear();
        Response.StatusCode = (int)(Newer is null ? HttpStatusCode.UnprocessableEntity : HttpStatusCode.Conflict);
        return Page();
    }

    private async Task FillAsync(CancellationToken cancellation)
    {
        Policies = (await editor.LibraryAsync(cancellation)).Names;
        var free = Rows.AsEnumerable().Reverse().TakeWhile(r => r.IsEmpty).Count();
        for (; free < FreeRows && Rows.Count < AssignmentFile.MaxAssignments; free++)
        {
            Rows.Add(new AssignmentRow());
        }
    }

    [GeneratedRegex(@"^assignments\[(\d{1,4})\]", RegexOptions.CultureInvariant)]
    private static partial Regex Row();

    [GeneratedRegex(@"(?:^|\s)#", RegexOptions.CultureInvariant)]
    private static partial Regex Comment();
}
