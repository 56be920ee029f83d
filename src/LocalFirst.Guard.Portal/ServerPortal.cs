using System.Net;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Portal.Access;
using LocalFirst.Guard.Portal.Assets;
using LocalFirst.Guard.Portal.Defences;
using LocalFirst.Guard.Portal.Display;
using LocalFirst.Guard.Portal.Editing;
using LocalFirst.Guard.Protocols;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authorization;
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
            .AddRazorPages(pages =>
            {
                PortalPages.KeepOnly(pages, isServer: true);
                PortalPages.Close(pages, FleetRoles.AuditRead);
            })
            .ConfigureApplicationPartManager(parts =>
            {
                parts.ApplicationParts.Clear();
                foreach (var part in ApplicationPartFactory.GetApplicationPartFactory(typeof(ServerPortal).Assembly).GetApplicationParts(typeof(ServerPortal).Assembly))
                {
                    parts.ApplicationParts.Add(part);
                }
            });
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, AccessAnswers>();
        services.AddSingleton<PolicyEditor>();
        services.AddSingleton<AssignmentEditor>();
    }

    /// <summary>Puts the headers and the error pages around everything; call it first.</summary>
    /// <param name="app">The host.</param>
    public static void Use(IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.Use(ResponseHeaders.Add);
        app.Use((context, next) => AccessAnswers.IsForPrograms(context) ? next(context) : ErrorPage.Guard(context, next, "Devices go on guarding with the policy that they have, and keep their records until this server takes them. Try again; /readyz says what is missing."));
    }

    /// <summary>Maps pages, assets and the ways in and out.</summary>
    /// <param name="app">The host.</param>
    /// <param name="problemOf">Title and text of what went wrong at sign-in, by its code, and whether the server or its directory is the matter.</param>
    public static void Map(WebApplication app, Func<string, (string Title, string Text, bool IsOutage)> problemOf)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.MapAssets();
        app.MapRazorPages();
        app.MapGet("/account/sign-in", (string? to) => Results.Challenge(new AuthenticationProperties { RedirectUri = LocalAddress.OrStart(to) })).AllowAnonymous();

        // The pages themselves say which role is missing; here comes only who was refused by something else.
        app.MapGet("/account/denied", (HttpContext context) => AccessAnswers.WriteDeniedAsync(context, [])).AllowAnonymous();
        app.MapGet("/account/problem/{code}", (HttpContext context, string code) =>
        {
            var (title, text, isOutage) = problemOf(code);
            return ErrorPage.Write(context, isOutage ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.Unauthorized, title, text);
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
}
