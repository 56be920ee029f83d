using System.Security.Authentication;
using System.Text;
using LocalFirst.Guard.EndToEnd.Broker;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Interception;

/// <summary>Who may come in, and towards where: names that disagree, loops, and web pages.</summary>
[Collection<WithoutModel>]
public sealed class EntryTests(BrokerWithoutModel broker)
{
    private static readonly byte[] Clean = Encoding.UTF8.GetBytes("""{"model":"gpt-5","messages":[{"role":"user","content":"hello"}]}""");

    [Fact]
    public async Task A_server_name_that_is_not_the_CONNECT_host_fails_the_handshake()
    {
        await using var connection = await RawConnection.OpenAsync(broker.Guard.Proxy);
        Assert.Equal(200, (await connection.ConnectAsync("api.openai.com:443")).Status);

        var failure = await Record.ExceptionAsync(() => connection.SecureAsync(broker.Guard, "api.anthropic.com"));

        Assert.True(failure is AuthenticationException or IOException, failure?.ToString() ?? "the handshake succeeded");
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("api.anthropic.com", "/v1/chat/completions")]
    [InlineData("evil.example", "/v1/chat/completions")]
    [InlineData("api.openai.com:444", "/v1/chat/completions")]
    [InlineData("api.openai.com", "https://api.anthropic.com/v1/chat/completions")]
    public async Task A_request_for_another_host_than_the_CONNECT_host_is_misdirected(string host, string target)
    {
        await using var connection = await RawConnection.ThroughAsync(broker.Guard, "api.openai.com");

        var response = await connection.RequestAsync("POST", target, host, ["Content-Type: application/json"], Clean);

        // Kestrel itself refuses an absolute form that contradicts Host with 400.
        Assert.True(response.Status is 421 or 400, response.ToString());
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("127.0.0.1")]
    [InlineData("127.1")]
    [InlineData("0x7f.1")]
    [InlineData("2130706433")]
    [InlineData("0.0.0.0")]
    [InlineData("[::1]")]
    [InlineData("[::ffff:127.0.0.1]")]
    public async Task A_CONNECT_back_to_this_machine_is_refused(string host)
    {
        // Twice: to the broker's own port, which would be a loop, and to the provider's, which is somebody else's.
        foreach (var port in new[] { broker.Guard.Proxy.Port, broker.Provider.Address.Port })
        {
            await using var connection = await RawConnection.OpenAsync(broker.Guard.Proxy);

            var response = await connection.ConnectAsync($"{host}:{port}");

            Assert.True(response.Status is 400 or 403, response.ToString());
        }

        AssertNothingLeft();
    }

    [Theory]
    [InlineData("169.254.169.254:80")]
    [InlineData("api.openai.com:0")]
    [InlineData("api.openai.com:99999")]
    [InlineData("user@api.openai.com:443")]
    [InlineData("api.openai.com")]
    [InlineData("/v1/models")]
    public async Task A_CONNECT_to_what_is_no_host_on_the_network_is_refused(string authority)
    {
        await using var connection = await RawConnection.OpenAsync(broker.Guard.Proxy);

        var response = await connection.ConnectAsync(authority);

        Assert.True(response.Status is 400 or 403, response.ToString());
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("API.OpenAI.com")]
    [InlineData("api.openai.com.")]
    public async Task Another_spelling_of_a_provider_is_no_way_around_the_inspection(string host)
    {
        await using var connection = await RawConnection.OpenAsync(broker.Guard.Proxy);
        var connect = await connection.ConnectAsync($"{host}:443");
        if (connect.Status != 200)
        {
            Assert.True(connect.Status is 400 or 403, connect.ToString());
            return;
        }

        // It is decrypted with the broker's own certificate, so it is read like every other request.
        await connection.SecureAsync(broker.Guard, "api.openai.com");
        var response = await connection.RequestAsync("POST", "/v1/chat/completions", "api.openai.com", ["Content-Type: text/plain"], "unreadable"u8.ToArray());
        Assert.Equal(400, response.Status);
        AssertNothingLeft();
    }

    [Fact]
    public async Task Plain_text_inside_a_tunnel_to_a_provider_goes_nowhere()
    {
        await using var connection = await RawConnection.OpenAsync(broker.Guard.Proxy);
        Assert.Equal(200, (await connection.ConnectAsync("api.openai.com:443")).Status);

        await connection.SendAsync("GET /v1/models HTTP/1.1\r\nHost: api.openai.com\r\n\r\n");

        await Assert.ThrowsAnyAsync<IOException>(() => connection.ReadAsync());
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("Origin: https://evil.example")]
    [InlineData("Origin: null")]
    [InlineData("Sec-Fetch-Site: cross-site")]
    [InlineData("Sec-Fetch-Site: same-site")]
    [InlineData("Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors")]
    public async Task A_web_page_cannot_use_the_base_url(string header)
    {
        await using var connection = await RawConnection.OpenAsync(broker.Guard.Proxy);

        var response = await connection.RequestAsync("POST", "/openai/v1/chat/completions", broker.Guard.Proxy.Authority, [header, "Content-Type: application/json"], Clean);

        Assert.True(response.Status is 403 or 421, response.ToString());
        Assert.Null(response.Header("Access-Control-Allow-Origin"));
        AssertNothingLeft();
    }

    [Fact]
    public async Task A_name_that_was_rebound_to_this_machine_cannot_use_the_base_url()
    {
        await using var connection = await RawConnection.OpenAsync(broker.Guard.Proxy);

        var response = await connection.RequestAsync("POST", "/openai/v1/chat/completions", $"rebound.example:{broker.Guard.Proxy.Port}", ["Content-Type: application/json"], Clean);

        Assert.True(response.Status is 400 or 403 or 421, response.ToString());
        AssertNothingLeft();
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/v1/chat/completions")]
    [InlineData("/openai")]
    [InlineData("/openai/../anthropic/v1/messages")]
    [InlineData("/no-such-provider/v1/chat/completions")]
    public async Task A_path_of_no_provider_is_answered_here(string path)
    {
        await using var connection = await RawConnection.OpenAsync(broker.Guard.Proxy);

        var response = await connection.RequestAsync("POST", path, broker.Guard.Proxy.Authority, ["Content-Type: text/plain"], "unreadable"u8.ToArray());

        Assert.InRange(response.Status, 400, 499);
        AssertNothingLeft();
    }

    private void AssertNothingLeft()
    {
        Assert.Equal(0, broker.Provider.Connections);
        Assert.True(broker.Guard.IsRunning);
    }
}
