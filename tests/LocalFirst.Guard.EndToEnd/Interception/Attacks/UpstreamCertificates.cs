using System.Text.Json;
using LocalFirst.Guard.EndToEnd.Broker;
using LocalFirst.Guard.EndToEnd.Provider;

namespace LocalFirst.Guard.EndToEnd.Interception.Attacks;

/// <summary>Providers that cannot prove who they are: each gets a connection, and not one byte on it.</summary>
internal static class UpstreamCertificates
{
    /// <summary>Which host is mapped to a provider with which flaw. The hosts are catalogued ones, so that each flaw has a broker's whole way to it.</summary>
    public static IReadOnlyList<(string Host, ProviderCertificate Flaw, string Source)> All { get; } =
    [
        ("eu.api.openai.com", ProviderCertificate.UntrustedRoot, "RFC 5280 §6.1"),
        ("us.api.openai.com", ProviderCertificate.WrongName, "RFC 9525 §6"),
        ("api.mistral.ai", ProviderCertificate.Expired, "RFC 5280 §6.1.3"),
        ("codestral.mistral.ai", ProviderCertificate.NotYetValid, "RFC 5280 §6.1.3"),
        ("api.groq.com", ProviderCertificate.SelfSigned, "RFC 5280 §6.1"),
        ("api.deepseek.com", ProviderCertificate.CommonNameOnly, "RFC 9525 §2"),
        ("api.cohere.com", ProviderCertificate.WeakKey, "CA/B BR §6.1.5"),
        ("api.cohere.ai", ProviderCertificate.WeakSignature, "RFC 9155"),
        ("api.x.ai", ProviderCertificate.ClientPurpose, "RFC 5280 §4.2.1.12"),
        ("api.together.xyz", ProviderCertificate.IssuedByALeaf, "RFC 5280 §4.2.1.9"),
    ];

    public static IEnumerable<Attack> Cases => All.Select(c => new Attack($"upstream-{c.Flaw}", c.Source, "502 upstream_certificate, 502 upstream_certificate", broker => AskTwiceAsync(broker, c.Host)));

    /// <summary>Twice: a first failure must not open a second, weaker way.</summary>
    private static async Task<string> AskTwiceAsync(AttackedBroker broker, string host)
    {
        var told = new List<string>();
        for (var attempt = 0; attempt < 2; attempt++)
        {
            await using var connection = await RawConnection.ThroughAsync(broker.Guard, host);
            var response = await connection.RequestAsync("POST", "/v1/chat/completions", host, ["Content-Type: application/json"], Http.Body);
            using var error = JsonDocument.Parse(response.Body);
            told.Add($"{response.Status} {(error.RootElement.TryGetProperty("error", out var e) && e.TryGetProperty("code", out var code) ? code.GetString() : response.Text)}");
        }

        return string.Join(", ", told);
    }
}
