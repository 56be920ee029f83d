using System.Text;
using LocalFirst.Guard.EndToEnd.Broker;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Interception.Attacks;

/// <summary>Slowloris (CWE-400) at every depth at once, with the product's own limits: nothing is ended sooner for the test's sake.</summary>
[Collection<UnderAttack>]
public sealed class SlowClientTests(AttackedBroker broker)
{
    /// <summary>The longest limit on a client that stops in the middle of something is the 30 s for a head.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(75);

    private static int PerKind => Environment.GetEnvironmentVariable("GUARD_TESTS") == "long" ? 200 : 10;

    [Fact]
    public async Task Clients_that_stop_in_the_middle_are_let_go_and_nobody_waits_for_them()
    {
        Func<Task<RawConnection>>[] kinds =
        [
            () => AtPortAsync("CONN"),
            () => AtPortAsync("CONNECT api.openai.com:443 HTTP/1.1\r\nX: "),
            () => AtPortAsync("POST /openai/v1/chat/completions HTTP/1.1\r\nHost: "),
            SilentAfterConnectAsync,
            HalfHelloAsync,
            () => InsideAsync("POST /v1/chat/completions HTTP/1.1\r\nHost: api.ope"),
            () => InsideAsync(Http.Post("Content-Length: 1000000", "{")),
            () => InsideAsync(Http.Post("Transfer-Encoding: chunked", "5\r\nhel")),
        ];
        var connections = new List<RawConnection>();
        try
        {
            foreach (var kind in kinds)
            {
                connections.AddRange(await Task.WhenAll(Enumerable.Range(0, PerKind).Select(_ => kind())));
            }

            var before = broker.Provider.Requests.Count;
            await broker.ServeCleanRequestAsync();
            await Task.WhenAll(connections.Select(EndAsync)).Within("the end of every connection that stopped in the middle", Limit);
            await broker.ServeCleanRequestAsync();

            Assert.Equal(before + 2, broker.Provider.Requests.Count);
            broker.AssertNothingElseArrived();
        }
        finally
        {
            foreach (var connection in connections)
            {
                await connection.DisposeAsync();
            }
        }
    }

    private static async Task EndAsync(RawConnection connection)
    {
        var rest = new byte[4096];
        try
        {
            while (await connection.Stream.ReadAsync(rest, Bounded.Test) > 0)
            {
            }
        }
        catch (IOException)
        {
            // A reset is an end as well.
        }
    }

    private async Task<RawConnection> AtPortAsync(string start)
    {
        var connection = await RawConnection.OpenAsync(broker.Guard.Proxy);
        await connection.SendAsync(start);
        return connection;
    }

    private async Task<RawConnection> SilentAfterConnectAsync()
    {
        var connection = await RawConnection.OpenAsync(broker.Guard.Proxy);
        await connection.ConnectAsync("api.openai.com:443");
        return connection;
    }

    private async Task<RawConnection> HalfHelloAsync()
    {
        var connection = await SilentAfterConnectAsync();
        await connection.SendAsync(Encoding.Latin1.GetBytes("\u0016\u0003\u0001\u0002\0\u0001"));
        return connection;
    }

    private async Task<RawConnection> InsideAsync(string start)
    {
        var connection = await RawConnection.ThroughAsync(broker.Guard, "api.openai.com");
        await connection.SendAsync(start);
        return connection;
    }
}
