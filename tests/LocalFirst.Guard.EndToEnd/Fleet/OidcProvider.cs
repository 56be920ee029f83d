using System.Diagnostics;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using LocalFirst.Guard.EndToEnd.Clients;
using LocalFirst.Guard.EndToEnd.Provider;

namespace LocalFirst.Guard.EndToEnd.Fleet;

/// <summary>A real OpenID Connect provider (npm <c>oidc-provider</c>) with Entra-like paths and claims, over HTTPS on loopback.</summary>
internal sealed class OidcProvider : IAsyncDisposable
{
    public const string Tenant = "11111111-0000-4000-8000-000000000001";
    public const string Client = "22222222-0000-4000-8000-000000000002";
    public const string DeviceClient = "33333333-0000-4000-8000-000000000003";

    private readonly Process _process;
    private readonly TestAuthority _authority;
    private readonly HttpClient _http;

    private OidcProvider(Process process, TestAuthority authority, TestFolder folder, int port)
    {
        _process = process;
        _authority = authority;
        Folder = folder;
        Instance = new Uri($"https://localhost:{port}/");
        var handler = new SocketsHttpHandler { UseProxy = false };
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.ImportFromPem(authority.Pem);
        _http = new HttpClient(handler) { BaseAddress = Instance };
    }

    public TestFolder Folder { get; }

    /// <summary>What <c>AzureAd:Instance</c> is set to.</summary>
    public Uri Instance { get; }

    public string Issuer => $"{Instance}{Tenant}/v2.0";

    /// <summary>PEM file of the root that its certificate, and the server's, is signed by.</summary>
    public string RootFile => Folder.File("root.pem");

    /// <summary>PEM file of a certificate for localhost, with its key: the server under test uses the same.</summary>
    public string CertificateFile => Folder.File("server.pem");

    public string KeyFile => Folder.File("server.key");

    /// <summary>The client's secret: made for this run.</summary>
    public string Secret { get; private init; } = "";

    public static async Task<OidcProvider> StartAsync(Uri server)
    {
        var clients = await NodeClients.FolderAsync();
        var folder = new TestFolder();
        var authority = new TestAuthority();
        using var certificate = authority.Issue("localhost");
        await File.WriteAllTextAsync(folder.File("root.pem"), authority.Pem);
        await File.WriteAllTextAsync(folder.File("server.pem"), certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(folder.File("server.key"), certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        var secret = Guid.NewGuid().ToString("N");

        var start = Processes.Command(NodeClients.Find("node")!, [Path.Combine(clients, "oidc-provider.mjs")], folder: clients);
        start.Environment["OIDC_CERTIFICATE"] = folder.File("server.pem");
        start.Environment["OIDC_KEY"] = folder.File("server.key");
        start.Environment["OIDC_TENANT"] = Tenant;
        start.Environment["OIDC_CLIENT"] = Client;
        start.Environment["OIDC_DEVICE_CLIENT"] = DeviceClient;
        start.Environment["OIDC_SECRET"] = secret;
        start.Environment["OIDC_REDIRECT"] = new Uri(server, "signin-oidc").ToString();
        var process = Process.Start(start)!;
        var errors = Processes.Collect(process.StandardError);
        string? line;
        while ((line = await process.StandardOutput.ReadLineAsync().Within("the line `ready PORT` of the OpenID Connect provider")) is not null && !line.StartsWith("ready ", StringComparison.Ordinal))
        {
        }

        if (line is null)
        {
            throw new InvalidOperationException($"The OpenID Connect provider did not start: {string.Join('\n', errors)}");
        }

        Processes.Collect(process.StandardOutput);
        return new OidcProvider(process, authority, folder, int.Parse(line[6..], System.Globalization.CultureInfo.InvariantCulture)) { Secret = secret };
    }

    /// <summary>An access token with exactly these claims, signed by the provider.</summary>
    public async Task<string> MintAsync(object claims)
    {
        using var answer = await _http.PostAsync(new Uri("/mint", UriKind.Relative), JsonContent.Create(claims));
        return await answer.Content.ReadAsStringAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Processes.End(_process);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _http.Dispose();
        _authority.Dispose();
        Folder.Dispose();
    }
}
