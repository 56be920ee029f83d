using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using Spectre.Console;

namespace LocalFirst.Guard.Benchmarks;

/// <summary>
/// Added latency of the broker against a direct connection, in one run: a POST on one warm connection, direct and through CONNECT, with inspection
/// and the durable record on. "same" resends one body (every verdict is cached), "new" sends text that was never seen.
/// </summary>
internal static class ProxyLatency
{
    private static readonly int[] Sizes = [4 * 1024, 200 * 1024];

    private static readonly Uri Guarded = new("https://api.openai.com/v1/chat/completions");

    public static async Task<int> RunAsync(Rounds rounds)
    {
        var folder = Directory.CreateTempSubdirectory("guard-bench-");
        try
        {
            await using var farEnd = await FarEnd.StartAsync(Path.Combine(folder.FullName, "provider"));
            var home = Directory.CreateDirectory(Path.Combine(folder.FullName, "home")).FullName;
            var trust = Path.Combine(folder.FullName, "trust.pem");
            await File.WriteAllTextAsync(trust, farEnd.RootPem);
            await File.WriteAllTextAsync(
                Path.Combine(home, "guard.yaml"),
                $"upstreams:\n  api.openai.com: {farEnd.Address.GetLeftPart(UriPartial.Authority)}\nupstreamTrust: {trust}\n");
            await using var broker = await BrokerProcess.StartAsync(home);

            using var direct = Client(null, farEnd.RootPem);
            using var guarded = Client(broker.Proxy, await File.ReadAllTextAsync(Path.Combine(home, "ca", "root.pem")));
            await MeasureFirstAsync(direct, guarded, farEnd.Address);
            await MeasureAsync(rounds, broker, direct, guarded, farEnd.Address);
            AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"broker memory, peak: {broker.PeakMemoryBytes / 1024 / 1024} MB");
            return 0;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // A person starts the broker and then a client.
    private static readonly TimeSpan BeforeFirst = TimeSpan.FromSeconds(2);

    /// <summary>The first request of a fresh broker: certificate, both handshakes and everything that is made at first use.</summary>
    private static async Task MeasureFirstAsync(HttpClient direct, HttpClient guarded, Uri farEnd)
    {
        await RoundAsync(direct, new Uri(farEnd, "/v1/chat/completions"), () => SampleBodies.Prose(Sizes[0], seed: -1), requests: 1);
        await Task.Delay(BeforeFirst);
        var first = await RoundAsync(guarded, Guarded, () => SampleBodies.Prose(Sizes[0], seed: -1), requests: 2);
        AnsiConsole.MarkupLineInterpolated(CultureInfo.InvariantCulture, $"first request, {BeforeFirst.TotalSeconds:F0} s after the broker was ready: {first[0]:F1} ms, second: {first[1]:F1} ms");
    }

    private static async Task MeasureAsync(Rounds rounds, BrokerProcess broker, HttpClient direct, HttpClient guarded, Uri farEnd)
    {
        var table = new Table().Title("POST on one connection, ms (median over rounds)").AddColumns("body", "", "p50", "p99", "added p50", "added p99", "CPU of guard");
        foreach (var size in Sizes)
        {
            var same = SampleBodies.Prose(size, seed: 0);
            var seed = 1;
            var variants = new (string Name, HttpClient Client, Uri Address, Func<byte[]> Next, Latencies Latencies)[]
            {
                ("direct", direct, new Uri(farEnd, "/v1/chat/completions"), () => same, new Latencies()),
                ("guard, same", guarded, Guarded, () => same, new Latencies()),
                ("guard, new", guarded, Guarded, () => SampleBodies.Prose(size, seed++), new Latencies()),
            };

            for (var round = -1; round < rounds.Count; round++)
            {
                for (var i = 0; i < variants.Length; i++)
                {
                    var variant = variants[(i + round + variants.Length) % variants.Length];
                    var processor = broker.ProcessorTime;
                    var milliseconds = await RoundAsync(variant.Client, variant.Address, variant.Next, rounds.Requests);
                    if (round >= 0)
                    {
                        variant.Latencies.Add(milliseconds, broker.ProcessorTime - processor); // Round −1 warms up.
                    }
                }
            }

            var (p50, p99) = (variants[0].Latencies.P50, variants[0].Latencies.P99);
            foreach (var (name, _, _, _, latencies) in variants)
            {
                table.AddRow($"{size / 1024} KB", name, Ms(latencies.P50), Ms(latencies.P99), Ms(latencies.P50 - p50), Ms(latencies.P99 - p99), Ms(latencies.Processor));
            }
        }

        AnsiConsole.Write(table);
    }

    private static string Ms(double value) => value.ToString("F3", CultureInfo.InvariantCulture);

    private static async Task<List<double>> RoundAsync(HttpClient client, Uri address, Func<byte[]> next, int requests)
    {
        var milliseconds = new List<double>(requests);
        for (var i = 0; i < requests; i++)
        {
            var body = next();
            var started = Stopwatch.GetTimestamp();
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var response = await client.PostAsync(address, content);
            await response.Content.ReadAsByteArrayAsync();
            milliseconds.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            if (response.StatusCode != HttpStatusCode.OK || response.Headers.Contains("x-localfirst-route"))
            {
                throw new InvalidOperationException($"The request was not forwarded (status {(int)response.StatusCode}): the figures would mean nothing.");
            }
        }

        return milliseconds;
    }

    private static HttpClient Client(Uri? proxy, string rootPem)
    {
        var handler = new SocketsHttpHandler { UseProxy = proxy is not null, Proxy = proxy is null ? null : new WebProxy(proxy) };
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.Add(X509Certificate2.CreateFromPem(rootPem));
        return new HttpClient(handler);
    }
}
