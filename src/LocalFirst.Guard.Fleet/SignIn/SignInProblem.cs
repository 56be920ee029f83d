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

    /// <summary>All of them.</summary>
    public static IReadOnlyList<SignInProblem> All { get; } = [WrongTenant, Clock, Unreachable, Certificate, Refused, Other];

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
