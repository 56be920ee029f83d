using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.Audit.Notes;
using LocalFirst.Guard.EndToEnd.Portal;
using LocalFirst.Guard.Fleet.Api;
using LocalFirst.Guard.Fleet.Bundles;
using LocalFirst.Guard.Fleet.Requests;
using LocalFirst.Guard.Testing;
using Microsoft.Playwright;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Fleet;

/// <summary>A device against the real server: it enrols, gets its policy, and its log arrives.</summary>
public sealed class DeviceApiTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_device_enrols_gets_its_policy_and_sends_its_log(bool onPostgreSql)
    {
        await using var postgres = onPostgreSql ? await PostgreSqlServer.StartAsync() : null;
        await using var server = await FleetServer.StartAsync(postgres?.Connection ?? "");
        using var home = new TestFolder();
        using var identity = DeviceIdentity.Open(home.File("keys"));
        var fleet = await EnrolAsync(server, identity);

        // 1  The policy, signed for this device.
        using var device = Signed(server, identity, TimeProvider.System);
        var note = await device.GetStringAsync(new Uri("/api/policy", UriKind.Relative), Stop);
        var bundle = new BundleVerifier(VerifierKey.Parse(fleet.PolicyKey), fleet.Fleet, identity.DeviceId).Verify(note, null, DateTimeOffset.UtcNow);
        Assert.Equal("default", bundle.ToPolicy().Name);

        // 2  Its log.
        await WriteLogAsync(home);
        var source = (await AuditReader.OpenAsync(Options(home), Stop)).OpenUpload();
        var (body, size) = (await source.CheckpointAsync(1, 0, Stop))!.Value;
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(device, "/api/log/add-checkpoint", System.Text.Encoding.UTF8.GetBytes(body))).Status);
        var (status, cosignature) = await PostAsync(device, "/api/log/add-entries", await source.EntriesAsync(1, 0, size, Stop));
        Assert.Equal(HttpStatusCode.OK, status);
        var checkpoint = body[(body.IndexOf("\n\n", StringComparison.Ordinal) + 2)..];
        Assert.NotNull(CosignatureKey.Parse(fleet.WitnessKey).Verify(SignedNote.Parse(checkpoint + cosignature)));

        // 3  People see both.
        await using var chromium = await Chromium.StartAsync();
        var page = await chromium.NewTrustingPageAsync();
        await page.GotoAsync(server.Url.ToString());
        await page.FillAsync("input[name=login]", "admin");
        await page.FillAsync("input[name=password]", "any");
        await page.ClickAsync("form:has(input[name=prompt][value=login]) button[type=submit]");
        await page.ClickAsync("form:has(input[name=prompt][value=consent]) button[type=submit]");
        await page.WaitForURLAsync(url => url.StartsWith(server.Url.ToString(), StringComparison.Ordinal));
        var row = await page.Locator("tbody tr").InnerTextAsync();
        Assert.Contains("<b>laptop</b>", row, StringComparison.Ordinal);
        Assert.Contains("whole", row, StringComparison.Ordinal);
        await ShootAsync(page, "server-device");
        Assert.Equal(0, await server.StopAsync());
    }

    [Fact]
    public async Task Who_does_not_sign_or_signs_wrongly_is_told_why()
    {
        await using var server = await FleetServer.StartAsync();
        using var home = new TestFolder();
        using var identity = DeviceIdentity.Open(home.File("keys"));
        await EnrolAsync(server, identity);
        var policy = new Uri("/api/policy", UriKind.Relative);

        using var plain = server.NewClient();
        using (var unsigned = await plain.GetAsync(policy, Stop))
        {
            Assert.Equal(HttpStatusCode.Unauthorized, unsigned.StatusCode);
        }

        using var late = Signed(server, identity, new FixedClock(DateTimeOffset.UtcNow.AddHours(-1)));
        using (var answer = await late.GetAsync(policy, Stop))
        {
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            Assert.Contains("clock", await answer.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        }

        using var otherHome = new TestFolder();
        using var stranger = DeviceIdentity.Open(otherHome.File("keys"));
        using var unknown = Signed(server, stranger, TimeProvider.System);
        using (var answer = await unknown.GetAsync(policy, Stop))
        {
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            Assert.Contains("not enrolled", await answer.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
        }

        // Recorded off the wire and sent again.
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Url, "api/policy"));
        var digest = DeviceSignature.DigestOf([]);
        var signature = DeviceSignature.Create(identity.DeviceId, m => identity.Sign(m), SignedRequest.Of("GET", request.RequestUri!, digest), DateTimeOffset.UtcNow);
        HttpRequestMessage Copy()
        {
            var copy = new HttpRequestMessage(HttpMethod.Get, request.RequestUri);
            copy.Headers.TryAddWithoutValidation(DeviceSignature.DigestHeader, digest);
            copy.Headers.TryAddWithoutValidation(DeviceSignature.InputHeader, signature.InputValue);
            copy.Headers.TryAddWithoutValidation(DeviceSignature.SignatureHeader, signature.SignatureValue);
            return copy;
        }

        using var first = await plain.SendAsync(Copy(), Stop);
        using var second = await plain.SendAsync(Copy(), Stop);
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, second.StatusCode);
        Assert.Contains("received before", await second.Content.ReadAsStringAsync(Stop), StringComparison.Ordinal);
    }

    private static async Task<FleetDescription> EnrolAsync(FleetServer server, DeviceIdentity identity)
    {
        using var client = server.NewClient();
        var fleet = (await client.GetFromJsonAsync<FleetDescription>(new Uri(FleetDescription.Path, UriKind.Relative), Stop))!;
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await server.Directory.MintAsync(new Dictionary<string, object>
        {
            ["sub"] = "member",
            ["oid"] = "oid-member",
            ["tid"] = OidcProvider.Tenant,
            ["preferred_username"] = "member@example.test",
            ["roles"] = new[] { "Agent.Upload" },
            ["groups"] = new[] { "group-finance" },
        }));

        // A device names itself, so that its name is hostile text.
        var request = new EnrolmentRequest(
            identity.DeviceId, "<b>laptop</b>", Convert.ToBase64String(identity.PublicKey), Convert.ToBase64String(identity.Sign(EnrolmentRequest.Message(fleet.Fleet, identity.DeviceId, "oid-member"))));
        using var answer = await client.PostAsJsonAsync(new Uri("/api/devices", UriKind.Relative), request, Stop);
        Assert.True(answer.StatusCode == HttpStatusCode.OK, await answer.Content.ReadAsStringAsync(Stop));
        return fleet;
    }

    private static HttpClient Signed(FleetServer server, DeviceIdentity identity, TimeProvider time)
    {
        var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false };
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(server.Directory.RootFile);
        return new HttpClient(new DeviceSignatureHandler(identity, time, handler)) { BaseAddress = server.Url };
    }

    private static async Task<(HttpStatusCode Status, string Body)> PostAsync(HttpClient client, string path, byte[] body)
    {
        using var answer = await client.PostAsync(new Uri(path, UriKind.Relative), new ByteArrayContent(body), Stop);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Stop));
    }

    private static AuditLogOptions Options(TestFolder home) => new() { DatabasePath = home.File("audit.db"), KeysFolder = home.File("keys") };

    private static async Task WriteLogAsync(TestFolder home)
    {
        await using var log = await AuditLog.OpenAsync(Options(home), Stop);
        for (var i = 0; i < 300; i++)
        {
            await log.AppendAsync(new EventRecord { Time = DateTimeOffset.UtcNow, Name = "test", Detail = $"Record {i}." }, Stop);
        }
    }

    private static async Task ShootAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("GUARD_SCREENSHOTS") is { Length: > 0 } folder)
        {
            await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, $"{name}.png"), FullPage = true });
        }
    }

    private sealed class FixedClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
