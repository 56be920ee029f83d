using System.Security.Claims;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.Fleet.SignIn;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NSec.Cryptography;

namespace LocalFirst.Guard.Fleet.Api;

/// <summary>The server's API: what it is, whether it is well, enrolment, and what devices ask.</summary>
public static class FleetApi
{
    private const int LongestName = 64;

    /// <summary>Maps it.</summary>
    /// <param name="routes">Where to.</param>
    /// <param name="fleetName">Name of the fleet, for people.</param>
    public static void Map(IEndpointRouteBuilder routes, string fleetName)
    {
        ArgumentNullException.ThrowIfNull(routes);
        routes.MapGet("/healthz", () => Results.Text("ok\n")).AllowAnonymous();
        routes.MapGet("/readyz", ReadyAsync).AllowAnonymous();
        routes.MapGet(FleetDescription.Path, (FleetKeys keys, DirectorySettings directory, TimeProvider time) => Results.Json(new FleetDescription(
            1, keys.FleetId, fleetName, directory.Authority, directory.DeviceClientId, [directory.Scope], keys.BundleSigner.VerifierKey.ToString(), keys.Cosigner.VerifierKey, time.GetUtcNow()))).AllowAnonymous();
        routes.MapPost("/api/devices", EnrolAsync).RequireAuthorization(FleetRoles.AgentUpload);
        DeviceEndpoints.Map(routes);
    }

    private static async Task<IResult> ReadyAsync(IFleetStore store, DirectoryProbe directory, CancellationToken cancellation)
    {
        var missing = new List<string>();
        try
        {
            await store.CheckAsync(cancellation);
        }
        catch (AuditException e)
        {
            missing.Add($"database: {e.Message.Split('\n')[0]}");
        }

        if (await directory.AskAsync(cancellation) is { } problem)
        {
            missing.Add($"directory: {problem.Title}.");
        }

        return missing.Count == 0 ? Results.Text("ready\n") : Results.Text(string.Join('\n', missing) + "\n", statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<IResult> EnrolAsync(EnrolmentRequest request, ClaimsPrincipal user, IFleetStore store, FleetKeys keys, IServerJournal journal, TimeProvider time, CancellationToken cancellation)
    {
        // 1  Who, and which groups.
        var now = time.GetUtcNow();
        if (TokenPerson.Of(user, now) is not { } person)
        {
            return Problems.Of(StatusCodes.Status403Forbidden, "Nobody", "The access token names no person (oid). Sign in as a person, not as an application.");
        }

        if (TokenPerson.HasGroupOverage(user))
        {
            return Problems.Of(
                StatusCodes.Status403Forbidden,
                "Too many groups",
                "You are in more groups than a token can hold, so it is not known which policy is yours. An administrator sets the application's token to 'Groups assigned to the application' (App registrations, Token configuration).");
        }

        // 2  The device, and the proof that it holds the key.
        if (Read(request, keys.FleetId, person.ObjectId) is not { } key)
        {
            return Problems.Of(StatusCodes.Status400BadRequest, "No proof", "The device's id, key or proof is not what 'guard enroll' sends. Update guard on the device.");
        }

        var known = await store.FindDeviceAsync(request.Device, cancellation);
        try
        {
            await store.SavePersonAsync(person, cancellation);
            await store.EnrollAsync(new FleetDevice(request.Device, request.Name.Trim(), key, person.ObjectId, now, null, null, null), cancellation);
        }
        catch (FleetConflictException e)
        {
            return Problems.Of(StatusCodes.Status409Conflict, "Enrolled differently", e.Message);
        }

        await journal.RecordAsync("device-enrolled", known is not null && known.PersonId != person.ObjectId
            ? $"Device {request.Device}, which belonged to {known.PersonId}, was enrolled by {person.ObjectId}."
            : $"Device {request.Device} was enrolled.", person.Name, cancellation);
        return Results.Json(new EnrolmentAnswer(request.Device, keys.FleetId, person.Name));
    }

    private static byte[]? Read(EnrolmentRequest request, string fleet, string person)
    {
        if (request is not { Device.Length: 32, Name: not null, PublicKey: not null, Proof: not null }
            || !request.Device.All(char.IsAsciiHexDigitLower)
            || request.Name.Trim() is not { Length: > 0 and <= LongestName } || request.Name.Any(char.IsControl))
        {
            return null;
        }

        var key = new byte[32];
        var proof = new byte[64];
        return Convert.TryFromBase64String(request.PublicKey, key, out var keyLength) && keyLength == key.Length
            && Convert.TryFromBase64String(request.Proof, proof, out var proofLength) && proofLength == proof.Length
            && PublicKey.TryImport(SignatureAlgorithm.Ed25519, key, KeyBlobFormat.RawPublicKey, out var publicKey)
            && SignatureAlgorithm.Ed25519.Verify(publicKey!, EnrolmentRequest.Message(fleet, request.Device, person), proof)
                ? key
                : null;
    }
}
