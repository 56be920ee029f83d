using System.Net;
using LocalFirst.Guard.Portal.Display;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Infrastructure;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http;

namespace LocalFirst.Guard.Portal.Access;

/// <summary>
/// What people get who may not: the page itself says which role is missing, at its own address and with status 403. Programs, whose endpoints name
/// their own scheme, get what that scheme answers.
/// </summary>
internal sealed class AccessAnswers : IAuthorizationMiddlewareResultHandler
{
    private readonly AuthorizationMiddlewareResultHandler _usual = new();

    /// <summary>Whether the address is one that programs ask, which have no use for pages and forms.</summary>
    public static bool IsForPrograms(HttpContext context) =>
        context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal)
        || context.Request.Path.StartsWithSegments("/.well-known", StringComparison.Ordinal)
        || context.Request.Path == "/healthz" || context.Request.Path == "/readyz";

    public Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        if (policy.AuthenticationSchemes.Count > 0)
        {
            return _usual.HandleAsync(next, context, policy, authorizeResult);
        }

        if (IsForPrograms(context) && !authorizeResult.Succeeded)
        {
            // No endpoint, or none for this method: nothing that a sign-in would change.
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return Task.CompletedTask;
        }

        if (authorizeResult.Forbidden)
        {
            return WriteDeniedAsync(context, policy.Requirements.OfType<ClaimsAuthorizationRequirement>().SelectMany(r => r.AllowedValues ?? []).Distinct(StringComparer.Ordinal).ToList());
        }

        // Sending a form's sender to the directory would throw away what was typed: the way back is a GET.
        return authorizeResult.Challenged && !HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method)
            ? ErrorPage.Write(context, HttpStatusCode.Unauthorized, "You are signed out", "Nothing was changed. Sign in again in another tab, then come back here, go back to the form and send it again: what you typed is still in it.")
            : _usual.HandleAsync(next, context, policy, authorizeResult);
    }

    /// <summary>The page for somebody who lacks a role.</summary>
    /// <param name="context">The request.</param>
    /// <param name="anyOf">Roles of which one would do; empty when that is not known.</param>
    public static Task WriteDeniedAsync(HttpContext context, IReadOnlyList<string> anyOf)
    {
        var name = context.User.SignInName() is { Length: > 0 } known ? known : "This account";
        var role = anyOf.Count == 0 ? "the role that this page needs" : $"the role {string.Join(" or ", anyOf)}";
        var tokens = context.RequestServices.GetService(typeof(IAntiforgery)) is IAntiforgery forms && context.User.Identity?.IsAuthenticated == true ? forms.GetAndStoreTokens(context) : null;
        return ErrorPage.Write(
            context,
            HttpStatusCode.Forbidden,
            "Your account may not see this",
            $"{name} lacks {role}. An administrator assigns roles in the directory (Enterprise applications, Users and groups); sign out and in again afterwards.",
            tokens is null ? null : (tokens.FormFieldName, tokens.RequestToken!));
    }
}
