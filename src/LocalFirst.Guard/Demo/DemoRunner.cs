using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace LocalFirst.Guard.Demo;

/// <summary>What became of one request of the demo.</summary>
/// <param name="Request">The request.</param>
/// <param name="Status">HTTP status of the answer.</param>
/// <param name="Answer">Its text.</param>
/// <param name="BytesAtProvider">Body bytes that reached the provider.</param>
/// <param name="Reference">The exchange's id, where the broker answered itself.</param>
internal sealed record DemoResult(DemoRequest Request, int Status, string Answer, long BytesAtProvider, string? Reference);

/// <summary>Sends the demo's requests with an ordinary HTTP client: through the proxy, trusting the broker's certificate and nothing else.</summary>
internal sealed class DemoRunner(Uri proxy, string rootCertificate, DemoProvider provider)
{
    public async Task<IReadOnlyList<DemoResult>> RunAsync(CancellationToken cancellation)
    {
        using var root = X509CertificateLoader.LoadCertificateFromFile(rootCertificate);
        using var handler = new SocketsHttpHandler { Proxy = new WebProxy(proxy), UseProxy = true };
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.Add(root);
        using var client = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(60) };

        var results = new List<DemoResult>();
        foreach (var request in DemoRequests.All())
        {
            results.Add(await SendAsync(client, request, cancellation));
        }

        return results;
    }

    private async Task<DemoResult> SendAsync(HttpClient client, DemoRequest request, CancellationToken cancellation)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, $"https://{request.Host}{request.Path}") { Content = new ByteArrayContent(request.Body) };
        message.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        message.Headers.Add(DemoProvider.TagHeader, request.Tag);
        using var response = await client.SendAsync(message, cancellation);
        var body = await response.Content.ReadAsByteArrayAsync(cancellation);
        var reference = response.Headers.TryGetValues("x-localfirst-ref", out var values) ? values.First() : null;
        return new DemoResult(request, (int)response.StatusCode, TextOf(body), provider.BytesOf(request.Tag), reference);
    }

    /// <summary>The answer's text, whichever of the demo's wire forms it has.</summary>
    private static string TextOf(byte[] body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var root = json.RootElement;
            if (root.TryGetProperty("choices", out var choices))
            {
                return choices[0].GetProperty("message").GetProperty("content").GetString() ?? "";
            }

            if (root.TryGetProperty("content", out var content))
            {
                return content[0].GetProperty("text").GetString() ?? "";
            }

            return root.TryGetProperty("error", out var error) ? error.GetProperty("message").GetString() ?? "" : "";
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException)
        {
            return "(an answer of another form)";
        }
    }
}
