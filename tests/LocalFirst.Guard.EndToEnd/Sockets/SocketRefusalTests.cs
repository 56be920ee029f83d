using System.Net.WebSockets;
using System.Text;
using LocalFirst.Guard.EndToEnd.Broker;
using LocalFirst.Guard.EndToEnd.Samples;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Sockets;

/// <summary>Without a model: what must not leave by a WebSocket is refused on it, and what left in pieces is not hidden.</summary>
public sealed class SocketRefusalTests(BrokerWithoutModel broker) : IClassFixture<BrokerWithoutModel>
{
    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(2, true)]
    public async Task A_secret_gets_an_error_with_rule_and_mend_and_the_socket_stays_usable(int version, bool deflate)
    {
        var (prompt, canary) = broker.SensitivePrompt(Sensitive.Secret);
        await using var client = await SocketClient.OpenAsync(broker.Guard, version: new Version(version, version == 1 ? 1 : 0), deflate: deflate);

        await client.SendAsync(SocketClient.Create(prompt));
        var error = Assert.Single(await client.AnswerAsync());

        Assert.Equal(400, error.GetProperty("status").GetInt32());
        Assert.Equal("blocked_by_policy", error.GetProperty("code").GetString());
        Assert.Contains("[rule ", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain(canary, error.GetRawText(), StringComparison.Ordinal);
        await client.SendAsync(SocketClient.Create(Some.CleanPrompt()));
        Assert.Equal("response.completed", SocketClient.TypeOf((await client.AnswerAsync())[^1]));
        Assert.False(broker.Provider.HasSeen(canary));
    }

    [Theory]
    [InlineData("?note={0}", null)]
    [InlineData("", "x-note")]
    [InlineData("", "openai-beta")]
    public async Task A_secret_in_the_opening_opens_nothing(string query, string? header)
    {
        var secret = Some.GitHubToken();
        var before = broker.Provider.Connections;

        var status = await SocketClient.RefusedAsync(
            broker.Guard,
            path: "/v1/responses" + string.Format(System.Globalization.CultureInfo.InvariantCulture, query, secret),
            more: options =>
            {
                if (header is not null)
                {
                    options.SetRequestHeader(header, secret);
                }
            });

        Assert.Equal(400, status);
        Assert.Equal(before, broker.Provider.Connections);
    }

    [Fact]
    public async Task A_secret_in_two_messages_closes_the_socket_and_is_recorded_as_partly_left()
    {
        var secret = Some.GitHubToken();
        await using var client = await SocketClient.OpenAsync(broker.Guard);

        await client.SendAsync(SocketClient.Create($"first half: {secret[..22]}"));
        await client.AnswerAsync();
        await client.SendAsync(SocketClient.Create($"{secret[22..]} is the second"));
        var error = Assert.Single(await client.AnswerAsync());

        Assert.Equal("value_split_over_messages", error.GetProperty("code").GetString());
        Assert.Null(await client.NextAsync());
        Assert.Equal(WebSocketCloseStatus.PolicyViolation, client.Socket.CloseStatus);
        Assert.False(broker.Provider.HasSeen(secret[22..]));
        await Bounded.UntilAsync(
            async () => (await AuditTail.ReadAsync(broker.Home)).Any(r => r.Type == "outcome" && r.Text("result") == "partly-left" && r.Record.GetProperty("bytes_out").GetInt64() == 22),
            "the record of what had left");
        await AuditTail.AssertWholeAsync(broker.Home);
    }

    [Fact]
    public async Task A_message_of_more_than_64_MB_closes_with_1009()
    {
        await using var client = await SocketClient.OpenAsync(broker.Guard, deflate: true);
        var piece = Encoding.UTF8.GetBytes(new string(' ', 1024 * 1024));
        try
        {
            for (var i = 0; i < 66; i++)
            {
                await client.SendAsync(piece, false);
            }
        }
        catch (WebSocketException)
        {
            // The close may come before the last piece is out.
        }

        Assert.Equal("message_too_large", (await client.NextJsonAsync()).GetProperty("code").GetString());
        Assert.Null(await client.NextAsync());
        Assert.Equal(WebSocketCloseStatus.MessageTooBig, client.Socket.CloseStatus);
        Assert.Empty(broker.Provider.Sockets[^1].Messages);
    }

    [Fact]
    public async Task A_stopping_broker_closes_an_open_socket_with_1001_and_ends_in_time()
    {
        using var home = new TestFolder();
        await GuardProcess.ConfigureAsync(home.Path, broker.Provider);
        await using var guard = await GuardProcess.StartAsync(home.Path);
        await using var client = await SocketClient.OpenAsync(guard);
        var stopping = guard.StopAsync();

        Assert.Null(await client.NextAsync());
        Assert.Equal(1001, (int)client.Socket.CloseStatus!);
        await client.Socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, Bounded.Test);
        Assert.Equal(0, await stopping);
    }

    [Fact]
    public async Task A_killed_broker_has_recorded_every_message_that_left()
    {
        using var home = new TestFolder();
        await GuardProcess.ConfigureAsync(home.Path, broker.Provider);
        await using (var guard = await GuardProcess.StartAsync(home.Path))
        {
            await using var client = await SocketClient.OpenAsync(guard);
            var socket = broker.Provider.Sockets[^1];
            var sending = SendUntilCutAsync(client);
            await Bounded.UntilAsync(() => Task.FromResult(socket.Messages.Count >= 20), "the arrival of 20 messages");
            await guard.KillAsync();
            await socket.Cut.Within("the cut at the provider");
            await sending;

            var verify = await GuardCli.RunAsync(home.Path, ["audit", "verify", "--home", home.Path]);
            Assert.True(verify.ExitCode == 0, verify.Everything);
            var recorded = (await AuditTail.ReadAsync(home.Path)).Where(r => r.Type == "decision" && r.Text("method") == "MESSAGE").Select(r => r.Record.GetProperty("body_bytes").GetInt64()).ToHashSet();
            Assert.True(socket.Messages.Count >= 20);
            Assert.All(socket.Messages, m => Assert.Contains(m.Bytes.Length, recorded.Select(l => (int)l)));
        }
    }

    private static async Task SendUntilCutAsync(SocketClient client)
    {
        try
        {
            for (var n = 0; ; n++)
            {
                await client.SendAsync($$"""{"type":"note","pad":"{{new string('x', n)}}"}""");
            }
        }
        catch (WebSocketException)
        {
            // The broker died under it: that is the test.
        }
    }
}
