using Microsoft.AspNetCore.Http;

namespace LocalFirst.Guard.Fleet.Api;

/// <summary>Errors of the API (RFC 9457): what was wrong, and what to do next.</summary>
internal static class Problems
{
    public const string MediaType = "application/problem+json";

    public static IResult Of(int status, string title, string detail) =>
        Results.Json(new Problem(title, status, detail), statusCode: status, contentType: MediaType);

    public static Task WriteAsync(HttpContext context, int status, string title, string detail)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(new Problem(title, status, detail), options: null, contentType: MediaType, context.RequestAborted);
    }

    private sealed record Problem(string Title, int Status, string Detail);
}
