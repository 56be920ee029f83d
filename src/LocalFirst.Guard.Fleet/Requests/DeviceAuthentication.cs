using System.Security.Claims;
using System.Text.Encodings.Web;
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
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, IFleetStore store, NonceMemory nonces, UploadGate gate, TimeProvider time)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    /// <summary>Name of scheme and authorization policy.</summary>
    public const string SchemeName = "Device";

    /// <summary>Claim with the device's id.</summary>
    public const string DeviceClaim = "device";

    /// <summary>How far a device's clock may be off.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(5);

    private string _failure = "The request is not signed by an enrolled device. Run 'guard enroll URL' on it.";
    private (int Status, string Title) _answer = (StatusCodes.Status401Unauthorized, "Not signed in");

    /// <summary>The body that the device signed.</summary>
    public static byte[] BodyOf(HttpContext context) => (byte[])context.Items[typeof(DeviceAuthentication)]!;

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

        // 3  Device and signature, which covers the digest that the header names. The same answer for both, so that nobody learns which devices there
        //    are. Before the body, so that strangers cannot fill the memory with theirs.
        var digest = Request.Headers[DeviceSignature.DigestHeader].ToString();
        var device = await store.FindDeviceAsync(signature.Device, Context.RequestAborted);
        var signed = new SignedRequest(Request.Method, Request.Host.Value!.ToLowerInvariant(), Request.PathBase.ToUriComponent() + Request.Path.ToUriComponent(), Request.QueryString.HasValue ? Request.QueryString.Value! : "?", digest);
        if (device is null || !signature.Verify(device.PublicKey.Span, signed))
        {
            return Fail("This device is not enrolled here, or its key is another. Run 'guard enroll URL' on it.");
        }

        // 4  Once only, and only while it belongs to the fleet.
        var use = nonces.Use(signature.Device, signature.Nonce);
        if (use != NonceUse.Fresh)
        {
            return use == NonceUse.Repeated ? Fail("This request was received before.") : TooMany();
        }

        if (device.Revoked is { } revoked)
        {
            _answer = (StatusCodes.Status403Forbidden, "Revoked");
            return Fail($"This device was revoked on {revoked:u}. Ask your security team.");
        }

        // 5  The body, in memory: a buffer on disk would hold it in the clear.
        if (gate.TryEnter(device.Id) is not { } place)
        {
            return TooMany();
        }

        Response.RegisterForDispose(place);
        if (await ReadAsync() is not { } body)
        {
            _answer = (StatusCodes.Status413PayloadTooLarge, "Too long");
            return Fail($"The body is too long: a request has at most {LogIngest.MaxEntriesBytes} bytes.");
        }

        if (digest != DeviceSignature.DigestOf(body))
        {
            return Fail("The body is not the one that was signed.");
        }

        Context.Items[typeof(DeviceAuthentication)] = body;
        var identity = new ClaimsIdentity([new Claim(DeviceClaim, device.Id)], SchemeName);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) =>
        Problems.WriteAsync(Context, _answer.Status, _answer.Title, _failure);

    private AuthenticateResult TooMany()
    {
        _answer = (StatusCodes.Status429TooManyRequests, "Too many requests");
        Response.Headers.RetryAfter = "60";
        return Fail("This device sends more requests than a device needs. Wait a minute, then send one after the other.");
    }

    private AuthenticateResult Fail(string sentence)
    {
        _failure = sentence;
        return AuthenticateResult.Fail(sentence);
    }

    private async Task<byte[]?> ReadAsync()
    {
        if (Request.ContentLength > LogIngest.MaxEntriesBytes)
        {
            return null;
        }

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

        return copy.ToArray();
    }
}
