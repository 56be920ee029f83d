using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using LocalFirst.Guard.Interception.Certificates;
using LocalFirst.Guard.Protocols;
using Xunit;

namespace LocalFirst.Guard.Tests.Interception;

/// <summary>
/// What the TLS of real tools makes of leafs: those of the set are accepted over the chain that the broker sends; one outside, signed by the very same
/// key, is refused because of the name constraints alone. The authority has all hosts of the catalogue, as on a real machine.
/// </summary>
public sealed class LeafHandshakeTests : IDisposable
{
    private const string Host = "bedrock-runtime.eu-central-1.amazonaws.com";
    private const string Forbidden = "s3.eu-central-1.amazonaws.com";

    private readonly string _folder = Path.Combine(Path.GetTempPath(), "guard-leaf-" + Guid.NewGuid().ToString("N"));
    private readonly CertificateAuthority _authority;

    public LeafHandshakeTests() =>
        _authority = CertificateAuthority.OpenOrCreate(_folder, [.. ProviderCatalogue.LoadBuiltIn().Providers.SelectMany(p => p.Hosts)], TimeProvider.System);

    private string Root => Path.Combine(_folder, CertificateAuthority.RootFile);

    public void Dispose()
    {
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("openssl")]
    [InlineData("curl")]
    [InlineData("node")]
    [InlineData("python3")]
    public async Task A_leaf_of_the_set_is_accepted_and_one_outside_of_it_is_refused(string tool)
    {
        ToolProcess.Require(tool);

        var accepted = await AskAsync(tool, Host);
        Assert.True(accepted.ExitCode == 0 && accepted.Output.Contains("hello from the server", StringComparison.Ordinal), accepted.Everything);

        var refused = await AskAsync(tool, Forbidden);
        Assert.True(refused.ExitCode != 0, refused.Everything);
        Assert.DoesNotContain("hello from the server", refused.Output, StringComparison.Ordinal);

        // Not for another reason: each tool's word for X509_V_ERR_PERMITTED_VIOLATION.
        Assert.Matches("(?i)permitted subtree violation|PERMITTED_VIOLATION", refused.Everything);
    }

    [Theory]
    [InlineData("openssl")]
    [InlineData("curl")]
    [InlineData("python3")]
    public async Task Without_the_root_the_same_leaf_is_refused(string tool)
    {
        ToolProcess.Require(tool);
        using var other = CertificateAuthority.OpenOrCreate(Path.Combine(_folder, "other"), [Host], TimeProvider.System);
        var answer = await AskAsync(tool, Host, Path.Combine(_folder, "other", CertificateAuthority.RootFile));

        Assert.True(answer.ExitCode != 0, answer.Everything);
        Assert.DoesNotContain("hello from the server", answer.Output, StringComparison.Ordinal);
    }

    private async Task<ToolResult> AskAsync(string tool, string host, string? root = null)
    {
        root ??= Root;
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var leaf = _authority.Sign(host);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var serving = ServeAsync(listener, SslStreamCertificateContext.Create(leaf, _authority.Chain, offline: true), stop.Token);
        try
        {
            return tool switch
            {
                "openssl" => await ToolProcess.RunAsync(tool, ["s_client", "-connect", $"127.0.0.1:{port}", "-servername", host, "-verify_hostname", host, "-CAfile", root, "-no-CAstore", "-no-CApath", "-verify_return_error", "-quiet", "-ign_eof"], input: Request(host)),
                "curl" => await ToolProcess.RunAsync(tool, ["-sS", "--cacert", root, "--resolve", $"{host}:{port}:127.0.0.1", "--max-time", "30", $"https://{host}:{port}/"]),
                "node" => await ToolProcess.RunAsync(tool, ["-e", Node, host, port.ToString(System.Globalization.CultureInfo.InvariantCulture), root]),
                _ => await ToolProcess.RunAsync(tool, ["-c", Python, host, port.ToString(System.Globalization.CultureInfo.InvariantCulture), root]),
            };
        }
        finally
        {
            await stop.CancelAsync();
            await serving;
        }
    }

    private const string Node = """
        const [host, port, ca] = process.argv.slice(1);
        require('https').get({ host: '127.0.0.1', port, servername: host, headers: { host }, ca: require('fs').readFileSync(ca) },
          answer => answer.pipe(process.stdout)).on('error', e => { console.error(e.code, e.message); process.exit(1); });
        """;

    private const string Python = """
        import http.client, socket, ssl, sys
        host, port, ca = sys.argv[1], int(sys.argv[2]), sys.argv[3]
        plain = socket.create_connection(("127.0.0.1", port), 30)
        tls = ssl.create_default_context(cafile=ca).wrap_socket(plain, server_hostname=host)
        tls.sendall(("GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n").encode())
        print(tls.makefile("rb").read().decode())
        """;

    private static string Request(string host) => $"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n";

    private static async Task ServeAsync(TcpListener listener, SslStreamCertificateContext context, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                using var client = await listener.AcceptTcpClientAsync(stop);
                await using var tls = new SslStream(client.GetStream());
                await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificateContext = context }, stop);
                _ = await tls.ReadAsync(new byte[4096], stop);
                await tls.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 21\r\nConnection: close\r\n\r\nhello from the server"u8.ToArray(), stop);
                await tls.ShutdownAsync();
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or AuthenticationException or SocketException)
            {
                // A client that refuses hangs up; the next may come.
            }
        }
    }
}
