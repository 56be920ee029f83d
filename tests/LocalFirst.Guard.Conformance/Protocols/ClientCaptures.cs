using System.IO.Compression;
using System.Text;
using System.Text.Json;
using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Conformance.Protocols;

/// <summary>One captured request.</summary>
/// <param name="Name">File, number and address.</param>
/// <param name="Client">The client that sent it.</param>
/// <param name="Request">It, on the wire.</param>
/// <param name="Body">Its body.</param>
internal sealed record Capture(string Name, string Client, WireRequest Request, JsonElement Body);

/// <summary>What real clients sent.</summary>
internal static class ClientCaptures
{
    private static readonly ProviderCatalogue Catalogue = ProviderCatalogue.LoadBuiltIn();

    public static IEnumerable<Capture> Posts()
    {
        var captures = new List<Capture>();
        foreach (var file in Directory.GetFiles(TestData.FindFolder("clients"), "*.jsonl.gz").Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(new GZipStream(File.OpenRead(file), CompressionMode.Decompress));
            while (reader.ReadLine() is { } line)
            {
                if (Read(Path.GetFileName(file), JsonDocument.Parse(line).RootElement) is { } capture)
                {
                    captures.Add(capture);
                }
            }
        }

        return captures;
    }

    private static Capture? Read(string file, JsonElement record)
    {
        if (!record.TryGetProperty("body_json", out var body) || !record.TryGetProperty("method", out var method) || method.GetString() != "POST")
        {
            return null;
        }

        var url = record.GetProperty("url").GetString()!;
        var host = url switch
        {
            _ when url.StartsWith("/v1/messages", StringComparison.Ordinal) => "api.anthropic.com",
            _ when url.StartsWith("/model/", StringComparison.Ordinal) => "bedrock-runtime.us-east-1.amazonaws.com",
            _ when url.Contains("v1beta", StringComparison.Ordinal) => "generativelanguage.googleapis.com",
            _ => "api.openai.com",
        };
        var request = new WireRequest
        {
            Provider = Catalogue.FindByHost(host)!,
            Host = host,
            Method = "POST",
            RawTarget = url,
            Headers = [.. record.GetProperty("headers").EnumerateArray().Select(pair => new HeaderField(pair[0].GetString()!, pair[1].GetString()!))],
            Body = Encoding.UTF8.GetBytes(body.GetRawText()),
        };
        return new Capture($"{file} #{record.GetProperty("seq")} {url}", record.GetProperty("client").GetString()!, request, body);
    }
}
