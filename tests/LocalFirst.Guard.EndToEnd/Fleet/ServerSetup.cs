using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using LocalFirst.Guard.EndToEnd.Broker;
using LocalFirst.Guard.EndToEnd.Provider;

namespace LocalFirst.Guard.EndToEnd.Fleet;

/// <summary>Home, settings and certificates of a <c>guard server</c> that is started, killed and started again, or that does not start at all.</summary>
internal sealed class ServerSetup : IAsyncDisposable
{
    private readonly TestFolder _folder = new();

    public ServerSetup()
    {
        Directory = new FakeDirectory(FreePort());
        System.IO.Directory.CreateDirectory(Home);
        WriteCertificate("server");
        System.IO.File.WriteAllText(File("root.pem"), Authority.Pem);
        Fleet = new()
        {
            ["name"] = "Test fleet",
            ["listen"] = $"127.0.0.1:{FreePort()}",
            ["certificate"] = File("server.pem"),
            ["certificateKey"] = File("server.key"),
        };
        AzureAd = new()
        {
            ["instance"] = Directory.Instance.ToString(),
            ["tenantId"] = OidcProvider.Tenant,
            ["clientId"] = OidcProvider.Client,
        };
        Environment["SSL_CERT_FILE"] = File("root.pem");
        Environment["AzureAd__ClientSecret"] = Secret;
    }

    /// <summary>Must not appear anywhere.</summary>
    public string Secret { get; } = "s3cret-" + Guid.NewGuid().ToString("N");

    public TestAuthority Authority { get; } = new();

    public FakeDirectory Directory { get; }

    public string Home => _folder.File("home");

    /// <summary>The <c>fleet</c> section.</summary>
    public Dictionary<string, string> Fleet { get; }

    /// <summary>The <c>azureAd</c> section.</summary>
    public Dictionary<string, string> AzureAd { get; }

    public Dictionary<string, string> Environment { get; } = [];

    /// <summary>What stands before the program, for example <c>setpriv …</c>.</summary>
    public string[] Wrapper { get; set; } = [];

    /// <summary>Lines at the end of guard.yaml.</summary>
    public string More { get; set; } = "";

    public Uri Url => new($"https://localhost:{Fleet["listen"].Split(':')[1]}/");

    public string File(string name) => _folder.File(name);

    /// <summary>Writes NAME.pem and NAME.key.</summary>
    public void WriteCertificate(string name)
    {
        using var certificate = Authority.Issue("localhost");
        System.IO.File.WriteAllText(File(name + ".pem"), certificate.ExportCertificatePem());
        System.IO.File.WriteAllText(File(name + ".key"), certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
    }

    public Task StartDirectoryAsync() => Directory.StartAsync(Authority.Issue("localhost"));

    /// <summary>Runs it to its end, which has to come by itself.</summary>
    public Task<CommandResult> RunAsync(params string[] arguments) => Processes.RunAsync(Command(arguments));

    /// <summary>Starts it and waits until it listens.</summary>
    public Task<ServerProcess> StartAsync(params string[] arguments) => ServerProcess.StartAsync(Command(arguments), Url, File("root.pem"));

    public async ValueTask DisposeAsync()
    {
        await Directory.DisposeAsync();
        Authority.Dispose();
        _folder.Dispose();
    }

    public static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private ProcessStartInfo Command(string[] arguments)
    {
        System.IO.File.WriteAllText(Path.Combine(Home, "guard.yaml"), $"fleet:\n{Lines(Fleet)}azureAd:\n{Lines(AzureAd)}{More}");
        var start = GuardCli.Command(Home, ["server", "--home", Home, .. arguments], Environment);
        if (Wrapper.Length > 0)
        {
            start.ArgumentList.Insert(0, start.FileName);
            for (var i = Wrapper.Length - 1; i > 0; i--)
            {
                start.ArgumentList.Insert(0, Wrapper[i]);
            }

            start.FileName = Wrapper[0];
        }

        return start;
    }

    private static string Lines(Dictionary<string, string> section) => string.Concat(section.Select(s => $"  {s.Key}: \"{s.Value}\"\n"));
}

/// <summary>A <c>guard server</c> that listens.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _root;

    private ServerProcess(Process process, Uri url, string root, System.Collections.Concurrent.ConcurrentQueue<string> errors)
    {
        _process = process;
        _root = root;
        Url = url;
        Errors = errors;
    }

    public Uri Url { get; }

    public int Id => _process.Id;

    /// <summary>Lines of standard error so far.</summary>
    public System.Collections.Concurrent.ConcurrentQueue<string> Errors { get; }

    public static async Task<ServerProcess> StartAsync(ProcessStartInfo start, Uri url, string root)
    {
        var process = Process.Start(start)!;
        process.StandardInput.Close();
        var errors = Processes.Collect(process.StandardError);
        var line = await process.StandardOutput.ReadLineAsync().Within("the line `ready server=…` of guard server");
        if (line?.StartsWith("ready server=", StringComparison.Ordinal) != true)
        {
            Processes.End(process);
            throw new InvalidOperationException($"guard server did not start: {line}\n{string.Join('\n', errors)}");
        }

        Processes.Collect(process.StandardOutput);
        return new ServerProcess(process, url, root, errors);
    }

    public static SocketsHttpHandler Trusting(string root)
    {
        var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false };
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(root);
        return handler;
    }

    /// <summary>For a connection by hand.</summary>
    public System.Net.Security.SslClientAuthenticationOptions Tls()
    {
        using var handler = Trusting(_root);
        handler.SslOptions.TargetHost = Url.Host;
        return handler.SslOptions;
    }

    public HttpClient NewClient() => new(Trusting(_root)) { BaseAddress = Url };

    public async Task<(HttpStatusCode Status, string Body, Uri? Location)> GetAsync(string path)
    {
        using var client = NewClient();
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), Bounded.Test);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Bounded.Test), answer.Headers.Location);
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Processes.End(_process);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
