using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using LocalFirst.Guard.Interception;
using LocalFirst.Guard.Interception.Certificates;
using LocalFirst.Guard.Interception.Upstream;
using LocalFirst.Guard.Protocols;
using LocalFirst.Guard.Tests.Exchanges;
using Xunit;

namespace LocalFirst.Guard.Tests.Interception;

/// <summary>The listener with a dialler that reaches nothing and counts every try.</summary>
public sealed class BrokerTests : IAsyncLifetime
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "guard-broker-" + Guid.NewGuid().ToString("N"));
    private readonly ExchangeFakes _fakes = new();
    private CertificateAuthority _authority = null!;
    private Broker? _broker;
    private int _dialled;

    public async ValueTask InitializeAsync()
    {
        _authority = CertificateAuthority.OpenOrCreate(_folder, ["api.openai.com"], TimeProvider.System);
        var dialer = new GuardedDialer((_, _) =>
        {
            Interlocked.Increment(ref _dialled);
            throw new SocketException((int)SocketError.HostNotFound);
        });
        _broker = await Broker.StartAsync(
            new BrokerOptions
            {
                Listen = new IPEndPoint(IPAddress.Loopback, 0),
                Catalogue = ProviderCatalogue.LoadBuiltIn(),
                Authority = _authority,
                Pipeline = _fakes.Pipeline(),
                Events = new NoEvents(),
            },
            dialer,
            TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_clean_request_whose_provider_cannot_be_reached_has_its_decision_and_its_outcome()
    {
        var answer = await AskAsync("GET /v1/models HTTP/1.1\r\nHost: api.openai.com\r\nConnection: close\r\n\r\n");

        // The client does not wait for the outcome's record; the end of the broker does.
        await StopAsync();
        Assert.StartsWith("HTTP/1.1 502", answer, StringComparison.Ordinal);
        Assert.Equal(["decision", "outcome"], _fakes.Journal);
        Assert.Equal(1, _dialled);
    }

    [Theory]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: api.openai.com\r\n\r\n", "400")]
    [InlineData("GET /v1/models HTTP/1.1\r\nHost: api.anthropic.com\r\n\r\n", "421")]
    [InlineData("GET /v1/models HTTP/1.1\r\nHost: api.openai.com:8443\r\n\r\n", "421")]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\nContent-Encoding: br\r\nConnection: Content-Encoding\r\nContent-Length: 2\r\n\r\n{}", "400")]
    [InlineData("POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\nContent-Type: application/json\r\nConnection: keep-alive, content-type\r\nContent-Length: 2\r\n\r\n{}", "400")]
    [InlineData("GET /v1/\tmodels HTTP/1.1\r\nHost: api.openai.com\r\n\r\n", "400")]
    [InlineData("GET /v1/models#x HTTP/1.1\r\nHost: api.openai.com\r\n\r\n", "400")]
    [InlineData("GET /v1/models HTTP/1.1\r\nHost: api.openai.com\r\nX[]: 1\r\n\r\n", "400")]
    [InlineData("POST /v1/chat/completions HTTP/1.0\r\nHost: api.openai.com\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "400")]
    public async Task What_two_readers_could_read_as_two_requests_is_refused_before_anything_is_dialled(string request, string status)
    {
        var answer = await AskAsync(request);

        Assert.StartsWith("HTTP/1.1 " + status, answer, StringComparison.Ordinal);
        Assert.Equal(0, _dialled);
    }

    private async Task StopAsync()
    {
        if (_broker is { } broker)
        {
            _broker = null;
            await broker.DisposeAsync();
        }
    }

    /// <summary>Sends bytes through CONNECT and TLS; gives the first of the answer.</summary>
    private async Task<string> AskAsync(string request)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var client = new TcpClient();
        await client.ConnectAsync(_broker!.Address, cancellation);
        var plain = client.GetStream();
        await plain.WriteAsync("CONNECT api.openai.com:443 HTTP/1.1\r\n\r\n"u8.ToArray(), cancellation);
        var established = new byte["HTTP/1.1 200 Connection Established\r\n\r\n".Length];
        await plain.ReadExactlyAsync(established, cancellation);

        await using var tls = new SslStream(plain, false, (_, certificate, _, _) => certificate is not null);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "api.openai.com" }, cancellation);
        await tls.WriteAsync(Encoding.ASCII.GetBytes(request), cancellation);
        var answer = new byte[64];
        var length = await tls.ReadAtLeastAsync(answer, 12, cancellationToken: cancellation);
        return Encoding.ASCII.GetString(answer, 0, length);
    }

    private sealed class NoEvents : IInterceptionEvents
    {
        public void Refused(string name, string detail)
        {
        }
    }
}
