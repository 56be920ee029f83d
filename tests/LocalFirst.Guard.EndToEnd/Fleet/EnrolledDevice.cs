using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.Audit.Notes;
using LocalFirst.Guard.Fleet.Api;
using LocalFirst.Guard.Fleet.Bundles;
using LocalFirst.Guard.Fleet.Requests;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Fleet;

/// <summary>A device of a fleet, as far as the server can tell: its key, its log and its requests, without a broker.</summary>
internal sealed class EnrolledDevice : IDisposable
{
    private readonly TestFolder _home = new();
    private readonly DeviceIdentity _identity;
    private readonly HttpClient _client;
    private readonly FleetDescription _fleet;

    private EnrolledDevice(FleetServer server, FleetDescription fleet)
    {
        _fleet = fleet;
        _identity = DeviceIdentity.Open(_home.File("keys"));
        var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false };
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(server.Directory.RootFile);
        _client = new HttpClient(new DeviceSignatureHandler(_identity, TimeProvider.System, handler)) { BaseAddress = server.Url };
    }

    public string Id => _identity.DeviceId;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private AuditLogOptions Log => new() { DatabasePath = _home.File("audit.db"), KeysFolder = _home.File("keys") };

    public static async Task<EnrolledDevice> EnrolAsync(FleetServer server, string name, params string[] groups)
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
            ["groups"] = groups,
        }));
        var device = new EnrolledDevice(server, fleet);
        var proof = device._identity.Sign(EnrolmentRequest.Message(fleet.Fleet, device.Id, "oid-member"));
        using var answer = await client.PostAsJsonAsync(
            new Uri("/api/devices", UriKind.Relative), new EnrolmentRequest(device.Id, name, Convert.ToBase64String(device._identity.PublicKey), Convert.ToBase64String(proof)), Stop);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Stop));
        return device;
    }

    /// <summary>Writes records and sends its whole log.</summary>
    public async Task SendAsync(params AuditRecord[] records)
    {
        await using (var log = await AuditLog.OpenAsync(Log, Stop))
        {
            foreach (var record in records)
            {
                await log.AppendAsync(record, Stop);
            }
        }

        var source = (await AuditReader.OpenAsync(Log, Stop)).OpenUpload();
        var (body, size) = (await source.CheckpointAsync(1, 0, Stop))!.Value;
        await PostAsync("/api/log/add-checkpoint", Encoding.UTF8.GetBytes(body));
        await PostAsync("/api/log/add-entries", await source.EntriesAsync(1, 0, size, Stop));
    }

    /// <summary>Its policy bundle, checked as a device checks it.</summary>
    public async Task<PolicyBundle> FetchPolicyAsync()
    {
        var note = await _client.GetStringAsync(new Uri("/api/policy", UriKind.Relative), Stop);
        return new BundleVerifier(VerifierKey.Parse(_fleet.PolicyKey), _fleet.Fleet, Id).Verify(note, null, DateTimeOffset.UtcNow);
    }

    public void Dispose()
    {
        _client.Dispose();
        _identity.Dispose();
        _home.Dispose();
    }

    private async Task PostAsync(string path, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        using var answer = await _client.PostAsync(new Uri(path, UriKind.Relative), content, Stop);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Stop));
    }
}
