using System.Globalization;
using System.Security.Claims;
using System.Text;
using LocalFirst.Guard.Audit.Fleet;
using LocalFirst.Guard.Audit.Ingest;
using LocalFirst.Guard.Fleet.Bundles;
using LocalFirst.Guard.Fleet.Requests;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Policies.Yaml;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace LocalFirst.Guard.Fleet.Api;

/// <summary>What enrolled devices ask: their policy, and to take in their log. Every request is signed by the device.</summary>
internal static class DeviceEndpoints
{
    /// <summary>Header in which a device says which bundle it obeys.</summary>
    public const string ObeyedHeader = "Guard-Bundle";

    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api").RequireAuthorization(DeviceAuthentication.SchemeName);
        group.MapGet("/policy", GetPolicyAsync);
        group.MapPost("/log/add-checkpoint", AddCheckpointAsync);
        group.MapPost("/log/add-entries", AddEntriesAsync);
    }

    private static async Task<IResult> GetPolicyAsync(HttpContext context, IFleetStore store, BundleMaker maker, TimeProvider time, CancellationToken cancellation)
    {
        var id = DeviceOf(context);
        var obeyed = VersionOf(context.Request.Headers[ObeyedHeader].ToString());
        await store.TouchDeviceAsync(id, time.GetUtcNow(), obeyed, cancellation);
        PolicyBundle bundle;
        try
        {
            bundle = await maker.MakeAsync((await store.FindDeviceAsync(id, cancellation))!, cancellation);
            _ = bundle.ToPolicy();
        }
        catch (Exception e) when (e is PolicyException or YamlFileException)
        {
            // The device keeps what it has; an administrator has to mend this.
            return Problems.Of(StatusCodes.Status500InternalServerError, "No policy", $"The policy that is assigned to this device cannot be used: {e.Message}");
        }

        var tag = string.Create(CultureInfo.InvariantCulture, $"\"{bundle.Version}-{bundle.Issued.ToUnixTimeSeconds()}\"");
        context.Response.Headers.ETag = tag;
        return context.Request.Headers.IfNoneMatch == tag
            ? Results.StatusCode(StatusCodes.Status304NotModified)
            : Results.Text(maker.Sign(bundle), "text/plain; charset=utf-8");
    }

    private static async Task<IResult> AddCheckpointAsync(HttpContext context, LogIngest ingest, CancellationToken cancellation)
    {
        var body = DeviceAuthentication.BodyOf(context);
        return body.Length > LogIngest.MaxCheckpointBytes
            ? Problems.Of(StatusCodes.Status413PayloadTooLarge, "Too long", $"A checkpoint with its proof has at most {LogIngest.MaxCheckpointBytes} bytes.")
            : Answer(await ingest.AddCheckpointAsync(DeviceOf(context), Encoding.UTF8.GetString(body), cancellation));
    }

    private static async Task<IResult> AddEntriesAsync(HttpContext context, LogIngest ingest, CancellationToken cancellation) =>
        Answer(await ingest.AddEntriesAsync(DeviceOf(context), DeviceAuthentication.BodyOf(context), cancellation));

    private static IResult Answer(IngestAnswer answer) => Results.Text(answer.Body, answer.ContentType, Encoding.UTF8, answer.Status);

    // Anything but a version written in the one way it can be says nothing.
    private static long? VersionOf(string header) =>
        long.TryParse(header, NumberStyles.None, CultureInfo.InvariantCulture, out var version) && version > 0 && header[0] != '0' ? version : null;

    private static string DeviceOf(HttpContext context) => context.User.FindFirstValue(DeviceAuthentication.DeviceClaim)!;
}
