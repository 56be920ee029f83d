using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using LocalFirst.Guard.Interception;
using LocalFirst.Guard.Interception.Certificates;
using LocalFirst.Guard.Interception.Upstream;
using LocalFirst.Guard.Protocols;
using LocalFirst.Guard.Tests.Exchanges;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace LocalFirst.Guard.Tests.Interception;

/// <summary>
/// Names that point to where they may not (CWE-918, DNS rebinding), and clients that take their time. The resolver is the test's and the dialler
/// reaches nothing: what counts is which addresses were about to be dialled.
/// </summary>
public sealed class DnsRebindingTests : IAsyncLifetime
{
    private const string Public = "203.0.113.7";

    private readonly string _folder = Path.Combine(Path.GetTempPath(), "guard-rebinding-" + Guid.NewGuid().ToString("N"));
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly ExchangeFakes _fakes = new();
    private readonly List<string> _dialled = [];
    private readonly Queue<string[]> _answers = [];
    private CertificateAuthority _authority = null!;
    private Broker _broker = null!;

    public async ValueTask InitializeAsync()
    {
        _authority = CertificateAuthority.OpenOrCreate(_folder, TimeProvider.System);
        var dialer = new GuardedDialer(
            (_, _) => Task.FromResult((_answers.Count > 1 ? _answers.Dequeue() : _answers.Peek()).Select(IPAddress.Parse).ToArray()),
            (end, _) =>
            {
                _dialled.Add(end.Address.ToString());
                throw new SocketException((int)SocketError.ConnectionRefused);
            });
        _broker = await Broker.StartAsync(
            new BrokerOptions
            {
                Listen = new IPEndPoint(IPAddress.Loopback, 0),
                Catalogue = ProviderCatalogue.LoadBuiltIn(),
                Authority = _authority,
                Pipeline = _fakes.Pipeline(),
                Events = new NoEvents(),
                Time = _time,
            },
            dialer,
            TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _broker.DisposeAsync();
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("10.0.0.5")]
    [InlineData("192.168.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("fd00::1")]
    [InlineData("fe80::1")]
    [InlineData("64:ff9b::a00:5")]
    [InlineData("2002:a00:5::")]
    public async Task A_provider_whose_name_points_into_this_network_is_not_dialled(string address)
    {
        _answers.Enqueue([address]);

        Assert.StartsWith("HTTP/1.1 502", await AskProviderAsync(), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 502", await AskAsync($"GET /openai/v1/models HTTP/1.1\r\nHost: {_broker.Address}\r\n\r\n"), StringComparison.Ordinal);
        Assert.Empty(_dialled);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    [InlineData("0.0.0.0")]
    [InlineData("169.254.169.254")]
    [InlineData("64:ff9b::7f00:1")]
    public async Task A_stranger_whose_name_points_to_this_machine_gets_no_tunnel_and_no_plain_request(string address)
    {
        _answers.Enqueue([address]);

        Assert.StartsWith("HTTP/1.1 403", await AskAsync("CONNECT rebound.example:443 HTTP/1.1\r\n\r\n"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 403", await AskAsync("GET http://rebound.example/ HTTP/1.1\r\nHost: rebound.example\r\n\r\n"), StringComparison.Ordinal);
        Assert.Empty(_dialled);
    }

    [Fact]
    public async Task A_name_that_is_rebound_between_two_requests_is_looked_at_each_time()
    {
        _answers.Enqueue([Public]);
        _answers.Enqueue(["127.0.0.1"]);

        await AskProviderAsync();
        await AskProviderAsync();

        Assert.Equal([Public], _dialled);
    }

    [Fact]
    public async Task Of_a_name_with_good_and_bad_addresses_only_the_good_ones_are_dialled()
    {
        _answers.Enqueue(["127.0.0.1", Public, "10.0.0.5"]);

        await AskProviderAsync();
        await AskAsync("GET http://rebound.example/ HTTP/1.1\r\nHost: rebound.example\r\n\r\n");

        // A private network is where a company keeps servers of its own: open to what is no provider's.
        Assert.Equal([Public, Public, "10.0.0.5"], _dialled);
    }

    [Theory]
    [InlineData("C")]
    [InlineData("CONNECT api.openai.com:443 HTTP/1.1\r\nHost: api")]
    [InlineData("CONNECT api.openai.com:443 HTTP/1.1\r\n\r\n")]
    public async Task A_client_that_does_not_go_on_is_let_go_after_ten_seconds(string start)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var client = new TcpClient();
        await client.ConnectAsync(_broker.Address, cancellation);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(start), cancellation);

        var end = ReadToEndAsync(client.GetStream());
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!end.IsCompleted)
        {
            // The broker's timer starts when it has the connection; nothing tells when that is.
            _time.Advance(TimeSpan.FromSeconds(10));
            await timer.WaitForNextTickAsync(cancellation);
        }

        Assert.DoesNotContain("HTTP/1.1 4", await end, StringComparison.Ordinal);
    }

    private static async Task<string> ReadToEndAsync(Stream stream)
    {
        using var all = new MemoryStream();
        try
        {
            await stream.CopyToAsync(all, TestContext.Current.CancellationToken);
        }
        catch (IOException)
        {
            // A reset is an end too.
        }

        return Encoding.ASCII.GetString(all.ToArray());
    }

    private async Task<string> AskAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(_broker.Address, TestContext.Current.CancellationToken);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
        return await ReadAsync(client.GetStream());
    }

    private async Task<string> AskProviderAsync()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var client = new TcpClient();
        await client.ConnectAsync(_broker.Address, cancellation);
        await client.GetStream().WriteAsync("CONNECT api.openai.com:443 HTTP/1.1\r\n\r\n"u8.ToArray(), cancellation);
        await client.GetStream().ReadExactlyAsync(new byte["HTTP/1.1 200 Connection Established\r\n\r\n".Length], cancellation);
        await using var tls = new SslStream(client.GetStream(), false, (_, certificate, _, _) => certificate is not null);
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = "api.openai.com" }, cancellation);
        await tls.WriteAsync("GET /v1/models HTTP/1.1\r\nHost: api.openai.com\r\n\r\n"u8.ToArray(), cancellation);
        return await ReadAsync(tls);
    }

    private static async Task<string> ReadAsync(Stream stream)
    {
        var answer = new byte[64];
        var length = await stream.ReadAtLeastAsync(answer, 12, throwOnEndOfStream: false, cancellationToken: TestContext.Current.CancellationToken);
        return Encoding.ASCII.GetString(answer, 0, length);
    }

    private sealed class NoEvents : IInterceptionEvents
    {
        public void Refused(string name, string detail)
        {
        }
    }
}
