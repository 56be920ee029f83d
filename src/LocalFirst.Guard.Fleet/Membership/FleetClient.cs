using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.Fleet.Api;
using LocalFirst.Guard.Fleet.Bundles;
using LocalFirst.Guard.Fleet.Requests;

namespace LocalFirst.Guard.Fleet.Membership;

/// <summary>What the server answered to an upload.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="MediaType">Media type of the body.</param>
/// <param name="Body">The body.</param>
public sealed record FleetAnswer(int Status, string? MediaType, string Body);

/// <summary>Speaks to the fleet's server. Safe for concurrent use.</summary>
public sealed class FleetClient : IDisposable
{
    /// <summary>Longest answer besides a bundle, in bytes: far above a cosignature or a description.</summary>
    private const int MaxAnswer = 64 * 1024;

    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(10);

    /// <summary>A megabyte of entries on a slow line, and its verification there.</summary>
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(60);

    private readonly Uri _server;
    private readonly HttpClient _http;

    private FleetClient(Uri server, HttpClient http)
    {
        _server = server;
        _http = http;
        _http.Timeout = AnswerLimit;
        _http.BaseAddress = server;
    }

    /// <summary>For a device that has not enrolled yet: nothing is signed.</summary>
    /// <param name="server">The server.</param>
    /// <param name="handler">Sends; null for the usual one.</param>
    public static FleetClient Unsigned(Uri server, HttpMessageHandler? handler = null) => new(server, new HttpClient(handler ?? Handler()));

    /// <summary>For an enrolled device: every request is signed with its key.</summary>
    /// <param name="server">The server.</param>
    /// <param name="identity">The device; disposed by the caller.</param>
    /// <param name="time">The clock.</param>
    /// <param name="handler">Sends; null for the usual one.</param>
    public static FleetClient Signed(Uri server, DeviceIdentity identity, TimeProvider time, HttpMessageHandler? handler = null) =>
        new(server, new HttpClient(new DeviceSignatureHandler(identity, time, handler ?? Handler())));

    /// <summary>What the server says of itself.</summary>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="FleetException">It cannot be had.</exception>
    public async Task<FleetDescription> DescribeAsync(CancellationToken cancellation)
    {
        var answer = await SendAsync(() => new HttpRequestMessage(HttpMethod.Get, FleetDescription.Path.TrimStart('/')), MaxAnswer, cancellation);
        if (answer.Status == 200)
        {
            try
            {
                if (JsonSerializer.Deserialize<FleetDescription>(answer.Body, JsonSerializerOptions.Web) is { Version: 1, Fleet.Length: > 0, Name: not null, Authority: not null, ClientId: not null, Scopes: not null, PolicyKey: not null, WitnessKey: not null } description)
                {
                    return description;
                }
            }
            catch (JsonException)
            {
                // Said below.
            }
        }

        throw new FleetException(FleetProblem.NotAServer, $"{_server} is not a fleet server: it does not answer at {FleetDescription.Path} as one.", "Check the address with your administrator. A newer server than this guard asks for an update of guard.");
    }

    /// <summary>Registers the device for the person of a token.</summary>
    /// <param name="request">The device and its proof.</param>
    /// <param name="accessToken">The person's token; not kept.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="FleetException">The server refused, or cannot be reached.</exception>
    public async Task<EnrolmentAnswer> EnrolAsync(EnrolmentRequest request, string accessToken, CancellationToken cancellation)
    {
        var answer = await SendAsync(
            () => new HttpRequestMessage(HttpMethod.Post, "api/devices")
            {
                Content = JsonContent.Create(request, options: JsonSerializerOptions.Web),
                Headers = { Authorization = new AuthenticationHeaderValue("Bearer", accessToken) },
            },
            MaxAnswer,
            cancellation,
            isEnrolment: true);
        try
        {
            if (answer.Status == 200 && JsonSerializer.Deserialize<EnrolmentAnswer>(answer.Body, JsonSerializerOptions.Web) is { Person: not null } enrolled)
            {
                return enrolled;
            }
        }
        catch (JsonException)
        {
            // Said below.
        }

        throw Refused(answer, "The server did not enrol this device");
    }

    /// <summary>The bundle's note; null when it is still the one that <paramref name="tag"/> names.</summary>
    /// <param name="tag">Entity tag of the last one; null for none.</param>
    /// <param name="obeyed">Version that this device obeys; null before the first.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="FleetException">The server refused, or cannot be reached.</exception>
    public async Task<(string Note, string? Tag)?> BundleAsync(string? tag, long? obeyed, CancellationToken cancellation)
    {
        string? newTag = null;
        var answer = await SendAsync(
            () =>
            {
                var request = new HttpRequestMessage(HttpMethod.Get, "api/policy");
                if (tag is not null)
                {
                    request.Headers.TryAddWithoutValidation("If-None-Match", tag);
                }

                if (obeyed is { } version)
                {
                    request.Headers.TryAddWithoutValidation(DeviceEndpoints.ObeyedHeader, version.ToString(CultureInfo.InvariantCulture));
                }

                return request;
            },
            PolicyBundle.MaxLength,
            cancellation,
            response => newTag = response.Headers.ETag?.ToString());
        return answer.Status switch
        {
            304 when tag is not null => null,
            200 => (answer.Body, newTag),
            _ => throw Refused(answer, "The server gave no policy"),
        };
    }

    /// <summary>Sends one step of an upload.</summary>
    /// <param name="step"><c>add-checkpoint</c> or <c>add-entries</c>.</param>
    /// <param name="body">The body.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <returns>Any answer that the protocol knows.</returns>
    /// <exception cref="FleetException">The server cannot be reached, failed, or does not know this device.</exception>
    public Task<FleetAnswer> UploadAsync(string step, byte[] body, CancellationToken cancellation) =>
        SendAsync(() => new HttpRequestMessage(HttpMethod.Post, $"api/log/{step}") { Content = new ByteArrayContent(body) }, MaxAnswer, cancellation);

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    /// <summary>What an answer that was not expected means.</summary>
    internal static FleetException Refused(FleetAnswer answer, string what) =>
        new(FleetProblem.Refused, $"{what} (HTTP {answer.Status}): {Sentence(answer)}", "Do what it says, or show it to your administrator.");

    /// <summary>The reason that an answer gives, made safe to print: short and without control characters.</summary>
    internal static string Sentence(FleetAnswer answer)
    {
        var text = answer.Body;
        if (answer.MediaType == Problems.MediaType)
        {
            try
            {
                using var json = JsonDocument.Parse(text);
                text = json.RootElement.TryGetProperty("detail", out var detail) ? detail.GetString() ?? "" : "";
            }
            catch (Exception e) when (e is JsonException or InvalidOperationException)
            {
                text = "";
            }
        }
        else if (answer.MediaType != "text/plain")
        {
            text = "";
        }

        var plain = string.Concat(text.EnumerateRunes()
            .Select(r => r.Value is '\n' or '\t' ? new Rune(' ') : r)
            .Where(r => Rune.GetUnicodeCategory(r) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator))
            .Take(400)).Trim();
        return plain.Length == 0 ? "it gave no reason that this version of guard can read." : plain;
    }

    private static SocketsHttpHandler Handler() => new()
    {
        ConnectTimeout = ConnectLimit,

        // A redirect would carry signed requests and tokens to somewhere that nobody agreed to.
        AllowAutoRedirect = false,
        UseCookies = false,

        // So that a renewed certificate or a moved address is noticed.
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
    };

    private async Task<FleetAnswer> SendAsync(Func<HttpRequestMessage> make, int most, CancellationToken cancellation, Action<HttpResponseMessage>? look = null, bool isEnrolment = false)
    {
        FleetAnswer answer;
        try
        {
            using var request = make();
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            look?.Invoke(response);
            answer = new FleetAnswer((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, await BodyAsync(response, most, cancellation));
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw ConnectionProblem.Explain(_server, "The fleet's server", e);
        }

        var problem = answer.MediaType == Problems.MediaType;
        return answer.Status switch
        {
            (int)HttpStatusCode.Unauthorized when problem && isEnrolment => throw Refused(answer, "The server did not accept the sign-in"),
            (int)HttpStatusCode.Unauthorized when problem => throw new FleetException(FleetProblem.NotEnrolled, $"The fleet's server does not let this device in: {Sentence(answer)}", "Enrol again: guard enroll URL."),
            (int)HttpStatusCode.Forbidden when problem && !isEnrolment => throw new FleetException(FleetProblem.Revoked, $"The fleet's server ended this device's membership: {Sentence(answer)}", "Ask your security team. The device goes on guarding with the policy that it has until that expires."),
            >= 500 => throw new FleetException(FleetProblem.ServerFailed, $"The fleet's server failed (HTTP {answer.Status}): {Sentence(answer)}", "Tell your administrator; this device tries again by itself."),
            _ => answer,
        };
    }

    private static async Task<string> BodyAsync(HttpResponseMessage response, int most, CancellationToken cancellation)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancellation);
        using var copy = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int count;
        while (copy.Length <= most && (count = await body.ReadAsync(buffer, cancellation)) > 0)
        {
            copy.Write(buffer, 0, count);
        }

        return copy.Length <= most ? Encoding.UTF8.GetString(copy.GetBuffer(), 0, (int)copy.Length) : throw new IOException("The answer is too long.");
    }
}
