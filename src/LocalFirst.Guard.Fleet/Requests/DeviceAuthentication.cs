using System.Security.Claims;
using System.Text.Encodings.Web;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Audit.Ingest;
using LocalFirst.Guard.Fleet.Api;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace LocalFirst.Guard.Fleet.Requests;

/// <summary>Lets enrolled devices in by their signed requests.</summary>
internal sealed class DeviceAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, IFleetStore store, NonceMemory nonces, TimeProvider time)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    /// <summary>Name of scheme and authorization policy.</summary>
    public const string SchemeName = "Device";

    /// <summary>Claim with the device's id.</summary>
    public const string DeviceClaim = "device";

    /// <summary>How far a device's clock may be off.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    private string _failure = "The request is not signed by an enrolled device. Run 'guard enroll URL' on it.";
    private bool _isRevoked;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        // 1  The form.
        if (DeviceSignature.Parse(Request.Headers[DeviceSignature.InputHeader].ToString(), Request.Headers[DeviceSignature.SignatureHeader].ToString()) is not { } signature)
        {
            return AuthenticateResult.NoResult();
        }

        // 2  The clock; both are named, since nobody can mend it otherwise.
        var now = time.GetUtcNow();
        if ((now - signature.Created).Duration() > ClockTolerance)
        {
            return Fail($"The device's clock says {signature.Created:u}, the server's {now:u}. Set the wrong one (NTP), then try again.");
        }

        // 3  The body, in memory: a buffer on disk would hold it in the clear.
        if (await ReadAsync() is not { } body)
        {
            return Fail("The body is too long.");
        }

        var digest = DeviceSignature.DigestOf(body);
        if (Request.Headers[DeviceSignature.DigestHeader] != digest)
        {
            return Fail("The body is not the one that was signed.");
        }

        // 4  Device and signature. The same answer for both, so that nobody learns which devices there are.
        FleetDevice? device;
        try
        {
            device = await store.FindDeviceAsync(signature.Device, Context.RequestAborted);
        }
        catch (AuditException e)
        {
            throw new BadHttpRequestException(e.Message, StatusCodes.Status503ServiceUnavailable, e);
        }

        var signed = new SignedRequest(Request.Method, Request.Host.Value!.ToLowerInvariant(), Request.PathBase.ToUriComponent() + Request.Path.ToUriComponent(), Request.QueryString.HasValue ? Request.QueryString.Value! : "?", digest);
        if (device is null || !signature.Verify(device.PublicKey.Span, signed))
        {
            return Fail("This device is not enrolled here, or its key is another. Run 'guard enroll URL' on it.");
        }

        // 5  Once only, and only while it belongs to the fleet.
        if (!nonces.TryUse(signature.Device + signature.Nonce))
        {
            return Fail("This request was received before.");
        }

        if (device.Revoked is { } revoked)
        {
            _isRevoked = true;
            return Fail($"This device was revoked on {revoked:u}. Ask your security team.");
        }

        var identity = new ClaimsIdentity([new Claim(DeviceClaim, device.Id)], SchemeName);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) =>
        Problems.WriteAsync(Context, _isRevoked ? StatusCodes.Status403Forbidden : StatusCodes.Status401Unauthorized, _isRevoked ? "Revoked" : "Not signed in", _failure);

    private AuthenticateResult Fail(string sentence)
    {
        _failure = sentence;
        return AuthenticateResult.Fail(sentence);
    }

    private async Task<byte[]?> ReadAsync()
    {
        using var copy = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int count;
        while ((count = await Request.Body.ReadAsync(buffer, Context.RequestAborted)) > 0)
        {
            if (copy.Length + count > LogIngest.MaxEntriesBytes)
            {
                return null;
            }

            copy.Write(buffer, 0, count);
        }

        var body = copy.ToArray();
        Request.Body = new MemoryStream(body, writable: false);
        return body;
    }
}
