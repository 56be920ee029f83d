using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Fleet.SignIn;
using Microsoft.AspNetCore.Http;

namespace LocalFirst.Guard.Fleet.Api;

/// <summary>
/// Turns what a request cannot help (no database, no directory) into an answer: 503 with what to do for programs, a page for people. What the answer
/// must not tell strangers, such as where the database lies, goes to the operator.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="tell">Writes a line for the operator.</param>
public sealed class ServerTroubles(TimeProvider time, Action<string> tell)
{
    /// <summary>The same trouble is told once in this time, or every request would tell it.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private string _told = "";
    private DateTimeOffset _when;

    /// <summary>Goes around everything that may fail so.</summary>
    /// <param name="context">The request.</param>
    /// <param name="next">What comes after.</param>
    public async Task Guard(HttpContext context, RequestDelegate next)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(next);
        try
        {
            await next(context);
        }
        catch (AuditException e) when (!context.Response.HasStarted)
        {
            Tell(e.Message);
            await AnswerAsync(context, SignInProblem.Storage);
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted && IsForPrograms(context))
        {
            await Problems.WriteAsync(context, e.StatusCode, "Not a request", e.StatusCode == StatusCodes.Status413PayloadTooLarge ? "The body is too long." : "The request was cut off or is malformed. Send it again.");
        }
        catch (InvalidOperationException e) when (!context.Response.HasStarted && SignInProblem.Of(e) is { IsOutage: true } problem)
        {
            // To send somebody to the directory its metadata are needed, and they could not be had.
            Tell($"Sign-in: {problem.Title}.\n  → {problem.Text}");
            await AnswerAsync(context, problem);
        }
    }

    private static Task AnswerAsync(HttpContext context, SignInProblem problem)
    {
        context.Response.Headers.RetryAfter = "30";
        if (IsForPrograms(context))
        {
            return Problems.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, problem.Title, problem.Text);
        }

        context.Response.Redirect($"/account/problem/{problem.Code}");
        return Task.CompletedTask;
    }

    private static bool IsForPrograms(HttpContext context) =>
        context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal) || context.Request.Path.StartsWithSegments("/.well-known", StringComparison.Ordinal);

    private void Tell(string message)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            if (message == _told && now - _when < Silence)
            {
                return;
            }

            _told = message;
            _when = now;
        }

        tell(message);
    }
}
