using System.Security.Claims;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Fleet.Api;
using LocalFirst.Guard.Fleet.Requests;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Identity.Web;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace LocalFirst.Guard.Fleet.SignIn;

/// <summary>
/// Who may come in: people by the directory (authorization code with PKCE, then a cookie), programs by its access tokens, enrolled devices by their
/// signed requests.
/// </summary>
public static class DirectorySignIn
{
    /// <summary>Longest session: a working day.</summary>
    public static readonly TimeSpan SessionLifetime = TimeSpan.FromHours(8);

    private const string Bearer = JwtBearerDefaults.AuthenticationScheme;

    /// <summary>Adds authentication and the authorization policies.</summary>
    /// <param name="services">The services.</param>
    /// <param name="directory">The directory.</param>
    /// <param name="isSecure">Whether the server listens on HTTPS.</param>
    public static void Add(IServiceCollection services, DirectorySettings directory, bool isSecure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(directory);
        services.AddSingleton(directory);
        var authentication = services.AddAuthentication(options =>
        {
            options.DefaultScheme = CookieAuthenticationDefaults.AuthenticationScheme;
            options.DefaultChallengeScheme = OpenIdConnectDefaults.AuthenticationScheme;
        });
        authentication.AddMicrosoftIdentityWebApp(directory.Section);
        authentication.AddMicrosoftIdentityWebApi(directory.Section, Bearer);
        authentication.AddScheme<AuthenticationSchemeOptions, DeviceAuthentication>(DeviceAuthentication.SchemeName, null);
        services.AddSingleton<DirectoryProbe>();
        services.AddSingleton<UploadGate>();
        services.AddSingleton(provider => new NonceMemory(provider.GetRequiredService<TimeProvider>(), 2 * DeviceAuthentication.ClockTolerance));

        // After Microsoft.Identity.Web's own settings, which chain onto the same options.
        services.PostConfigure<OpenIdConnectOptions>(OpenIdConnectDefaults.AuthenticationScheme, options => People(options, directory));
        services.PostConfigure<CookieAuthenticationOptions>(CookieAuthenticationDefaults.AuthenticationScheme, options => Session(options, isSecure));
        services.PostConfigure<JwtBearerOptions>(Bearer, options => Programs(options, directory));

        services.AddAuthorizationBuilder()
            .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build())
            .AddPolicy(FleetRoles.AuditRead, policy => Portal(policy, FleetRoles.AuditRead))
            .AddPolicy(FleetRoles.PolicyWrite, policy => Portal(policy, FleetRoles.PolicyWrite))
            .AddPolicy(FleetRoles.ReportExport, policy => Portal(policy, FleetRoles.ReportExport))
            .AddPolicy(FleetRoles.AgentUpload, policy => policy.AddAuthenticationSchemes(Bearer).RequireAuthenticatedUser().RequireClaim("roles", FleetRoles.AgentUpload))
            .AddPolicy(DeviceAuthentication.SchemeName, policy => policy.AddAuthenticationSchemes(DeviceAuthentication.SchemeName).RequireClaim(DeviceAuthentication.DeviceClaim));
    }

    // No scheme of their own: the cookie is asked first, and who has none is sent to the directory and back to the page.
    private static void Portal(AuthorizationPolicyBuilder policy, string role) =>
        policy.RequireAuthenticatedUser().RequireClaim("roles", role);

    private static void People(OpenIdConnectOptions options, DirectorySettings directory)
    {
        options.ResponseType = OpenIdConnectResponseType.Code;
        options.UsePkce = true;

        // In the query, so that no cookie has to travel with a foreign page's form: the code alone is worth nothing without PKCE's verifier.
        options.ResponseMode = OpenIdConnectResponseMode.Query;
        options.CorrelationCookie.SameSite = SameSiteMode.Lax;
        options.NonceCookie.SameSite = SameSiteMode.Lax;
        options.MapInboundClaims = false;
        if (options.TokenHandler is JsonWebTokenHandler tokens)
        {
            // Microsoft.Identity.Web brings a handler of its own, which the option above does not reach.
            tokens.MapInboundClaims = false;
        }

        options.SaveTokens = false;
        options.TokenValidationParameters.RoleClaimType = "roles";
        options.TokenValidationParameters.NameClaimType = "preferred_username";
        Issuer(options.TokenValidationParameters, directory);

        var validated = options.Events.OnTokenValidated;
        options.Events.OnTokenValidated = async context =>
        {
            if (!IsOfTenant(context.Principal, directory))
            {
                context.Fail(new WrongTenantException());
                return;
            }

            await validated(context);
            if (context.Result is null && context.Principal is { } principal)
            {
                await context.HttpContext.RequestServices.GetRequiredService<SignInDesk>().WelcomeAsync(principal, context.HttpContext.RequestAborted);
            }
        };
        options.Events.OnRemoteFailure = async context =>
        {
            var problem = SignInProblem.Of(context.Failure);
            await context.HttpContext.RequestServices.GetRequiredService<SignInDesk>().RefuseAsync(problem, context.HttpContext.RequestAborted);
            context.Response.Redirect($"/account/problem/{problem.Code}");
            context.HandleResponse();
        };
    }

    private static void Session(CookieAuthenticationOptions options, bool isSecure)
    {
        // The prefix makes browsers refuse the cookie without Secure, from another path or for a parent domain (RFC 6265bis §4.1.3.2).
        options.Cookie.Name = isSecure ? "__Host-guard" : "guard-server";
        options.Cookie.HttpOnly = true;
        options.Cookie.SecurePolicy = isSecure ? CookieSecurePolicy.Always : CookieSecurePolicy.SameAsRequest;
        options.Cookie.SameSite = SameSiteMode.Lax;
        options.Cookie.Path = "/";
        options.ExpireTimeSpan = TimeSpan.FromHours(1);
        options.SlidingExpiration = true;
        options.AccessDeniedPath = "/account/denied";
        options.Events.OnSigningIn = context =>
        {
            context.Properties.SetString("began", context.Properties.IssuedUtc?.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "0");
            return Task.CompletedTask;
        };
        options.Events.OnValidatePrincipal = context =>
        {
            var began = long.TryParse(context.Properties.GetString("began"), out var seconds) ? DateTimeOffset.FromUnixTimeSeconds(seconds) : default;
            if (context.HttpContext.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow() - began >= SessionLifetime)
            {
                context.RejectPrincipal();
            }

            return Task.CompletedTask;
        };
    }

    private static void Programs(JwtBearerOptions options, DirectorySettings directory)
    {
        options.MapInboundClaims = false;
        options.TokenValidationParameters.RoleClaimType = "roles";
        options.TokenValidationParameters.NameClaimType = "preferred_username";
        Issuer(options.TokenValidationParameters, directory);
        var validated = options.Events?.OnTokenValidated;
        options.Events ??= new JwtBearerEvents();
        options.Events.OnTokenValidated = async context =>
        {
            if (!IsOfTenant(context.Principal, directory))
            {
                context.Fail(new WrongTenantException());
                return;
            }

            await (validated?.Invoke(context) ?? Task.CompletedTask);
        };
        options.Events.OnChallenge = async context =>
        {
            context.HandleResponse();
            if (context.AuthenticateFailure is { } failure && SignInProblem.Of(failure) is { IsOutage: true } outage && outage != SignInProblem.Issuer)
            {
                // Nothing is known against the token: its sender tries again later, and does not sign in anew.
                context.Response.Headers.RetryAfter = "30";
                await Problems.WriteAsync(context.HttpContext, StatusCodes.Status503ServiceUnavailable, outage.Title, outage.Text);
                return;
            }

            context.Response.Headers.WWWAuthenticate = "Bearer";
            await Problems.WriteAsync(context.HttpContext, StatusCodes.Status401Unauthorized, "Not signed in", Why(context.AuthenticateFailure));
        };
        options.Events.OnForbidden = context => Problems.WriteAsync(
            context.HttpContext, StatusCodes.Status403Forbidden, "Not allowed", $"The account lacks the role {FleetRoles.AgentUpload}. An administrator assigns it in the directory (Enterprise applications, Users and groups).");
    }

    private static string Why(Exception? failure) => failure switch
    {
        null => "The request has no access token. Sign in with 'guard enroll URL'.",
        WrongTenantException => "The access token is of another directory (tenant) than this server's.",
        SecurityTokenInvalidAudienceException => "The access token is for another application. Ask for the scope that /.well-known/localfirst-guard names.",
        SecurityTokenExpiredException or SecurityTokenNotYetValidException => "The access token is not valid at this time: it has expired, or the clocks of device, directory and server do not agree.",
        SecurityTokenInvalidIssuerException => "The access token is of another issuer than this server's directory.",
        SecurityTokenSignatureKeyNotFoundException or SecurityTokenInvalidSignatureException => "The signature of the access token does not hold with the directory's present keys.",
        _ when SignInProblem.Of(failure) is var problem && problem != SignInProblem.Other => problem.Text,
        _ => "The access token could not be used: it has neither a role nor a scope (an administrator assigns the role Agent.Upload), or it is damaged.",
    };

    /// <summary>Metadata with an exact issuer does not make Microsoft.Identity.Web compare <c>tid</c>, so this does.</summary>
    private static bool IsOfTenant(ClaimsPrincipal? principal, DirectorySettings directory) =>
        directory.TenantId is null || string.Equals(principal?.FindFirstValue("tid"), directory.TenantId, StringComparison.OrdinalIgnoreCase);

    // Microsoft.Identity.Web's own issuer check knows Entra's forms only; another provider's issuer is its address.
    private static void Issuer(TokenValidationParameters parameters, DirectorySettings directory)
    {
        if (directory.IsGeneric)
        {
            parameters.IssuerValidator = null;
            parameters.ValidateIssuer = true;
            parameters.ValidIssuer = directory.Authority;
        }
    }
}
