using System.Net;
using System.Security.Claims;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Portal.Assets;
using LocalFirst.Guard.Portal.Defences;
using LocalFirst.Guard.Portal.Display;
using LocalFirst.Guard.Protocols;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.ApplicationParts;
using Microsoft.Extensions.DependencyInjection;

namespace LocalFirst.Guard.Portal;

/// <summary>The portal of the fleet's server: its host signs people in, and names an authorization policy for each role.</summary>
public static class ServerPortal
{
    /// <summary>Adds what its pages need.</summary>
    /// <param name="services">The services.</param>
    public static void Add(IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddAntiforgery(o =>
        {
            o.Cookie.Name = "guard-form";
            o.Cookie.HttpOnly = true;
            o.Cookie.SameSite = SameSiteMode.Strict;
            o.SuppressXFrameOptionsHeader = true;
        });
        services.AddSingleton(provider => new SpendSource(provider.GetRequiredService<IRecordSource>(), PriceCatalogue.LoadBuiltIn(), () => null));
        services
            .AddRazorPages(pages => PortalPages.KeepOnly(pages, isServer: true))
            .ConfigureApplicationPartManager(parts =>
            {
                parts.ApplicationParts.Clear();
                foreach (var part in ApplicationPartFactory.GetApplicationPartFactory(typeof(ServerPortal).Assembly).GetApplicationParts(typeof(ServerPortal).Assembly))
                {
                    parts.ApplicationParts.Add(part);
                }
            });
    }

    /// <summary>Puts the headers and the error pages around everything; call it first.</summary>
    /// <param name="app">The host.</param>
    public static void Use(IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.Use(ResponseHeaders.Add);
        app.Use((context, next) => IsForPrograms(context) ? next(context) : ErrorPage.Guard(context, next));
    }

    /// <summary>Maps pages, assets and the ways in and out.</summary>
    /// <param name="app">The host.</param>
    /// <param name="problemOf">Title and text of what went wrong at sign-in, by its code.</param>
    /// <param name="readRole">Authorization policy of everything that shows records.</param>
    public static void Map(WebApplication app, Func<string, (string Title, string Text)> problemOf, string readRole)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.MapAssets();
        app.MapRazorPages().RequireAuthorization(readRole);
        app.MapGet("/account/sign-in", () => Results.Challenge(new AuthenticationProperties { RedirectUri = "/" })).AllowAnonymous();
        app.MapGet("/account/denied", (HttpContext context, ClaimsPrincipal user) => ErrorPage.Write(
            context,
            HttpStatusCode.Forbidden,
            "Your account may not see this",
            $"{user.FindFirstValue("preferred_username") ?? "This account"} lacks the role that this page needs. An administrator assigns roles in the directory (Enterprise applications, Users and groups); sign in again afterwards.")).AllowAnonymous();
        app.MapGet("/account/problem/{code}", (HttpContext context, string code) =>
        {
            var (title, text) = problemOf(code);
            return ErrorPage.Write(context, HttpStatusCode.Unauthorized, title, text);
        }).AllowAnonymous();
        app.MapGet("/account/signed-out", (HttpContext context) => ErrorPage.Write(context, HttpStatusCode.OK, "Signed out", "This browser is signed out of the portal. Your directory may still remember you.")).AllowAnonymous();
        app.MapPost("/account/sign-out", async (HttpContext context, Microsoft.AspNetCore.Antiforgery.IAntiforgery forms) =>
        {
            if (!await forms.IsRequestValidAsync(context))
            {
                return Results.BadRequest();
            }

            await context.SignOutAsync(CookieAuthenticationDefaults.AuthenticationScheme);
            return Results.Redirect("/account/signed-out");
        });
    }

    private static bool IsForPrograms(HttpContext context) =>
        context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal)
        || context.Request.Path.StartsWithSegments("/.well-known", StringComparison.Ordinal)
        || context.Request.Path == "/healthz" || context.Request.Path == "/readyz";
}
