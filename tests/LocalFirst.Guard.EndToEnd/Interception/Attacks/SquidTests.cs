using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using LocalFirst.Guard.EndToEnd.Clients;
using LocalFirst.Guard.EndToEnd.Provider;
using LocalFirst.Guard.Testing;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Interception.Attacks;

/// <summary>
/// Squid reads the same bytes as a plain proxy and stands for twenty-five years of other people's attacks: where the two differ on what goes through,
/// one of them is wrong or there is a reason, and the reason is written down here and in docs/attack-catalogue.md.
/// </summary>
public sealed class SquidTests
{
    /// <summary>What is about the reading of one message; the rest of the catalogue is about what only the broker has.</summary>
    private static readonly string[] Families = ["Lengths", "Transfer codings", "Chunks and trailers", "Heads, versions, methods, pipelines"];

    [Fact]
    public async Task Every_request_that_squid_and_the_broker_treat_differently_has_a_reason()
    {
        using var folder = new TestFolder();
        await using var origin = WireProvider.StartPlain();
        using var squid = await StartAsync(folder);
        try
        {
            var unexplained = new List<string>();
            foreach (var attack in Catalogue.Families.Where(f => Families.Contains(f.Family)).SelectMany(f => f.Cases).Where(a => a.Bytes is not null))
            {
                var before = origin.Requests.Count + origin.Malformed.Count;
                await SendAsync(squid.Address, attack.Bytes!
                    .Replace(" /v1/", $" {origin.Address.AbsoluteUri}v1/", StringComparison.Ordinal)
                    .Replace("Host: api.openai.com", $"Host: {origin.Address.Authority}", StringComparison.Ordinal));
                var squidForwards = origin.Requests.Count + origin.Malformed.Count > before;
                if (squidForwards != attack.Arrives.Count > 0 && !SquidDifferences.Reasons.ContainsKey(attack.Id))
                {
                    unexplained.Add($"{attack.Id}: squid {(squidForwards ? "forwards" : "refuses")}");
                }
            }

            Assert.True(unexplained.Count == 0, string.Join('\n', unexplained));
        }
        finally
        {
            Processes.End(squid.Process);
        }
    }

    private static async Task<Squid> StartAsync(TestFolder folder)
    {
        var program = NodeClients.Find("squid") ?? (File.Exists("/usr/sbin/squid") ? "/usr/sbin/squid" : null);
        Tools.Require(program is not null, "squid is not installed (.ci/prepare installs it).");
        int port;
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            port = ((IPEndPoint)free.LocalEndpoint).Port;
        }

        var settings = folder.File("squid.conf");
        await File.WriteAllTextAsync(settings, string.Create(CultureInfo.InvariantCulture, $"""
            http_port 127.0.0.1:{port}
            http_access allow all
            cache deny all
            cache_mem 4 MB
            access_log none
            cache_log /dev/null
            pid_filename none
            netdb_filename none
            coredump_dir none
            pinger_enable off
            half_closed_clients on
            max_filedescriptors 512
            shutdown_lifetime 0 seconds

            """));
        var process = Process.Start(Processes.Command(program, ["-N", "-f", settings]))!;
        Processes.Collect(process.StandardError);
        Processes.Collect(process.StandardOutput);
        var address = new Uri($"http://127.0.0.1:{port}");
        await Bounded.UntilAsync(() => ListensAsync(port), "squid listens");
        return new Squid(process, address);
    }

    private static async Task<bool> ListensAsync(int port)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port, Bounded.Test);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Sends, says that no more comes, and reads to the end: by then squid has forwarded what it forwards.</summary>
    private static async Task SendAsync(Uri proxy, string bytes)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(proxy.Host, proxy.Port, Bounded.Test);
        var stream = client.GetStream();
        var rest = new byte[4096];
        try
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(bytes), Bounded.Test);
            client.Client.Shutdown(SocketShutdown.Send);
            while (await stream.ReadAsync(rest, Bounded.Test).AsTask().Within("an answer of squid") > 0)
            {
            }
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // Refused by a reset.
        }
    }

    private sealed record Squid(Process Process, Uri Address) : IDisposable
    {
        public void Dispose() => Process.Dispose();
    }
}
