using System.Security.Authentication;
using Microsoft.IdentityModel.Tokens;

namespace LocalFirst.Guard.Fleet.SignIn;

/// <summary>What went wrong at sign-in, and the mend. Told by a code in the address, so that no text of a request is shown on a page.</summary>
/// <param name="Code">Code in the address.</param>
/// <param name="Title">Title of the page.</param>
/// <param name="Text">What to do next.</param>
public sealed record SignInProblem(string Code, string Title, string Text)
{
    /// <summary>The tenant of the token is not the configured one.</summary>
    public static readonly SignInProblem WrongTenant = new("wrong-tenant", "Another directory", "You signed in with an account of another directory (tenant). Sign in with your work account; if it is the right one, an administrator has to set azureAd.tenantId of the server.");

    /// <summary>Time of token and server do not fit.</summary>
    public static readonly SignInProblem Clock = new("clock", "The clocks do not agree", "The sign-in was valid at another time than this server's clock shows. Set the server's clock (NTP), then sign in again.");

    /// <summary>The directory does not answer.</summary>
    public static readonly SignInProblem Unreachable = new("unreachable", "The directory cannot be reached", "This server could not ask the directory for its keys. Check the server's network, its proxy and azureAd.instance, then sign in again.");

    /// <summary>The directory's certificate is not trusted.</summary>
    public static readonly SignInProblem Certificate = new("certificate", "The directory's certificate is not trusted", "The TLS certificate of the directory is not trusted by this server: add its root to the system's trust store (or SSL_CERT_FILE), or find out who stands between.");

    /// <summary>The directory refused.</summary>
    public static readonly SignInProblem Refused = new("refused", "The directory refused the sign-in", "The directory answered that this sign-in is not allowed, or you cancelled it. Sign in again; if it stays, an administrator has to look into the directory's sign-in log.");

    /// <summary>Something else.</summary>
    public static readonly SignInProblem Other = new("failed", "The sign-in did not work", "The answer of the directory could not be used. Sign in again; if it stays, an administrator has to look at azureAd in the server's guard.yaml (clientId, client secret) and at the server's log.");

    /// <summary>There is no directory at the configured address.</summary>
    public static readonly SignInProblem NoDirectory = new("no-directory", "The directory does not know this tenant", "At the configured address there is no directory: an administrator has to correct azureAd.tenantId and azureAd.instance (or azureAd.authority) in the server's guard.yaml.");

    /// <summary>The directory calls itself something else.</summary>
    public static readonly SignInProblem Issuer = new("issuer", "The directory has another name", "The directory's own name (issuer) is not the configured one: an administrator has to write azureAd.authority in the server's guard.yaml exactly as the directory's metadata names its issuer, or correct azureAd.instance and azureAd.tenantId.");

    /// <summary>The server's own storage.</summary>
    public static readonly SignInProblem Storage = new("storage", "The server cannot use its database now", "What was asked could not be read or written down, so it was not done. Try again in a while; the server's operator finds the cause in what it writes to standard error, and at /readyz.");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<SignInProblem> All { get; } = [WrongTenant, Clock, Unreachable, Certificate, Refused, NoDirectory, Issuer, Storage, Other];

    /// <summary>Whether the server itself, or what it depends on, is the matter, and not who signs in.</summary>
    public bool IsOutage => this == Unreachable || this == Certificate || this == NoDirectory || this == Issuer || this == Storage;

    /// <summary>The problem of a code.</summary>
    /// <param name="code">The code.</param>
    public static SignInProblem Of(string? code) => All.FirstOrDefault(p => p.Code == code) ?? Other;

    /// <summary>The problem behind an exception.</summary>
    /// <param name="error">The exception.</param>
    public static SignInProblem Of(Exception? error)
    {
        for (var at = error; at is not null; at = at.InnerException)
        {
            switch (at)
            {
                case WrongTenantException:
                    return WrongTenant;
                case SecurityTokenExpiredException or SecurityTokenNotYetValidException or SecurityTokenInvalidLifetimeException:
                    return Clock;
                case AuthenticationException when at.InnerException is not null || at.Message.Contains("certificate", StringComparison.OrdinalIgnoreCase):
                    return Certificate;

                // Microsoft.Identity.Web's issuer check says the same when it could not fetch the metadata to compare with; what kept it stands inside.
                case SecurityTokenInvalidIssuerException:
                    return at.InnerException is { } inner && Of(inner) is { IsOutage: true } outage ? outage : Issuer;

                // Microsoft.IdentityModel's HttpDocumentRetriever: the metadata's address answered, with an error. A 5xx is the directory's own trouble.
                case IOException when at.Message.StartsWith("IDX20807", StringComparison.Ordinal):
                    return at.Message.Contains("StatusCode: 5", StringComparison.Ordinal) ? Unreachable : NoDirectory;
                case System.Net.Sockets.SocketException or TaskCanceledException:
                    return Unreachable;
            }
        }

        for (var at = error; at is not null; at = at.InnerException)
        {
            if (at is HttpRequestException)
            {
                return Unreachable;
            }

            if (at.Message.Contains("access_denied", StringComparison.Ordinal))
            {
                return Refused;
            }
        }

        return Other;
    }
}

/// <summary>The token is of another tenant than the configured one.</summary>
internal sealed class WrongTenantException() : SecurityTokenException("The token is of another tenant.");
