using LocalFirst.Guard.Fleet.Api;
using Microsoft.Identity.Client;

namespace LocalFirst.Guard.Fleet.Membership;

/// <summary>Who signed in. The token is for one request and is written nowhere.</summary>
/// <param name="ObjectId">The person's id in the directory.</param>
/// <param name="Name">Sign-in name.</param>
/// <param name="AccessToken">For the server.</param>
public sealed record SignedInPerson(string ObjectId, string Name, string AccessToken);

/// <summary>
/// Signs a person in at the fleet's directory, with MSAL as a public client: authorization code with PKCE in the system's browser, or, as the last way,
/// a device code. MSAL's cache stays in memory.
/// </summary>
/// <param name="fleet">What the server says of itself: names the directory.</param>
/// <param name="http">For the look at the directory before the sign-in.</param>
public sealed class PersonSignIn(FleetDescription fleet, HttpClient http)
{
    /// <summary>How long a person has to sign in.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>Entra's form of an issuer, <c>https://HOST/TENANT/v2.0</c>: its endpoints are beside it, and only there does MSAL know of device codes.</summary>
    private string? EntraAuthority =>
        fleet.Authority.TrimEnd('/') is var address && address.EndsWith("/v2.0", StringComparison.Ordinal) && new Uri(address).Segments.Length == 3
            ? address[..^"/v2.0".Length]
            : null;

    /// <summary>Signs in with the system's browser.</summary>
    /// <param name="openBrowser">Opens an address for the person.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="FleetException">It did not work; the message has the mend.</exception>
    public Task<SignedInPerson> WithBrowserAsync(Func<Uri, Task> openBrowser, CancellationToken cancellation) =>
        SignInAsync((client, stop) => client.AcquireTokenInteractive(fleet.Scopes)
            .WithUseEmbeddedWebView(false)
            .WithSystemWebViewOptions(new SystemWebViewOptions { OpenBrowserAsync = openBrowser })
            .ExecuteAsync(stop), cancellation);

    /// <summary>Signs in on another device that shows a browser.</summary>
    /// <param name="show">Shows the person where to go, and the code to type there.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="FleetException">It did not work; the message has the mend.</exception>
    public Task<SignedInPerson> WithDeviceCodeAsync(Func<string, string, Task> show, CancellationToken cancellation) =>
        EntraAuthority is null
            ? throw new FleetException(FleetProblem.SignIn, $"The directory {fleet.Authority} is not Entra ID, and device codes work with that alone here.", "Enrol without --device-code, with a browser on this machine.")
            : SignInAsync((client, stop) => client.AcquireTokenWithDeviceCode(fleet.Scopes, code => show(code.VerificationUrl, code.UserCode)).ExecuteAsync(stop), cancellation);

    private async Task<SignedInPerson> SignInAsync(Func<IPublicClientApplication, CancellationToken, Task<AuthenticationResult>> acquire, CancellationToken cancellation)
    {
        await LookAsync(cancellation);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Patience);
        AuthenticationResult result;
        try
        {
            result = await acquire(Client(), patience.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new FleetException(FleetProblem.SignIn, $"Nobody signed in within {Patience.TotalMinutes:0} minutes.", "Run guard enroll again, and sign in in the browser.");
        }
        catch (Exception e) when (e is MsalException or HttpRequestException)
        {
            throw Explain(e);
        }

        // 3  The person, of the directory that was asked.
        var objectId = result.ClaimsPrincipal?.FindFirst("oid")?.Value ?? result.ClaimsPrincipal?.FindFirst("sub")?.Value;
        if (string.IsNullOrEmpty(objectId))
        {
            throw new FleetException(FleetProblem.SignIn, "The directory did not say who signed in (no oid and no sub).", "Tell your administrator: the application for devices must be able to ask for 'openid'.");
        }

        var tenant = result.ClaimsPrincipal!.FindFirst("tid")?.Value;
        if (EntraAuthority is { } authority && Guid.TryParse(authority[(authority.LastIndexOf('/') + 1)..], out var expected) && Guid.TryParse(tenant, out var actual) && actual != expected)
        {
            throw new FleetException(FleetProblem.SignIn, $"You signed in with an account of another directory (tenant {actual}); this fleet takes those of {expected}.", "Run guard enroll again and sign in with your work account.");
        }

        return new SignedInPerson(objectId, result.Account?.Username ?? objectId, result.AccessToken);
    }

    // 1  Is there such a directory? A browser would show its error page while this program waits for nothing.
    private async Task LookAsync(CancellationToken cancellation)
    {
        if (!Uri.TryCreate(fleet.Authority, UriKind.Absolute, out var authority) || authority.Scheme != Uri.UriSchemeHttps)
        {
            throw new FleetException(FleetProblem.SignIn, "The fleet's server names a directory without an https address.", "Tell your administrator to look at azureAd in the server's guard.yaml.");
        }

        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(TimeSpan.FromSeconds(30));
            using var answer = await http.GetAsync(new Uri($"{fleet.Authority.TrimEnd('/')}/.well-known/openid-configuration"), HttpCompletionOption.ResponseHeadersRead, limit.Token);
            if ((int)answer.StatusCode is >= 400 and < 500)
            {
                throw new FleetException(FleetProblem.SignIn, $"The directory does not know {fleet.Authority} (HTTP {(int)answer.StatusCode}): the tenant that the fleet's server names does not exist.", "Tell your administrator: azureAd.tenantId or azureAd.authority of the server is wrong.");
            }

            if (!answer.IsSuccessStatusCode)
            {
                throw new FleetException(FleetProblem.SignIn, $"The directory {authority.Authority} does not work at the moment (HTTP {(int)answer.StatusCode}).", "Try again later.");
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw ConnectionProblem.Explain(authority, "The directory", e);
        }
    }

    // 2  MSAL. Instance discovery would ask Microsoft's public cloud about directories that are not in it; the address is the server's word anyway.
    private IPublicClientApplication Client()
    {
        var builder = PublicClientApplicationBuilder.Create(fleet.ClientId).WithRedirectUri("http://localhost");
        return EntraAuthority is { } entra
            ? builder.WithAuthority(entra, validateAuthority: false).WithInstanceDiscovery(false).Build()
            : builder.WithExperimentalFeatures().WithOidcAuthority(fleet.Authority).Build();
    }

    private FleetException Explain(Exception error)
    {
        if (ConnectionProblem.Is(error))
        {
            return ConnectionProblem.Explain(new Uri(fleet.Authority), "The directory", error);
        }

        var code = (error as MsalException)?.ErrorCode ?? "";
        return code switch
        {
            "access_denied" or MsalError.AuthenticationCanceledError or "authorization_declined" =>
                new FleetException(FleetProblem.SignIn, "The sign-in was refused by the directory or cancelled.", "Sign in again; if it stays, an administrator finds the reason in the directory's sign-in log."),
            "expired_token" or MsalError.CodeExpired =>
                new FleetException(FleetProblem.SignIn, "The code expired before anybody signed in.", "Run guard enroll again."),
            "invalid_client" or "unauthorized_client" or "invalid_request" or "invalid_scope" or "invalid_resource" or "unsupported_grant_type" =>
                new FleetException(FleetProblem.SignIn, $"The directory does not take this sign-in ({code}).", "Tell your administrator: the application for devices (azureAd.deviceClientId) needs 'Allow public client flows', the redirect URI http://localhost and the server's scope."),
            _ => new FleetException(FleetProblem.SignIn, $"The sign-in did not work ({(code.Length > 0 ? code : error.GetType().Name)}).", "Sign in again; with --device-code a browser on another machine can be used."),
        };
    }
}
