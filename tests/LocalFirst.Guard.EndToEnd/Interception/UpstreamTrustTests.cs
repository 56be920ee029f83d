using LocalFirst.Guard.EndToEnd.Broker;
using LocalFirst.Guard.EndToEnd.Provider;
using LocalFirst.Guard.EndToEnd.Samples;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Interception;

/// <summary>A provider that cannot prove who it is gets nothing.</summary>
public sealed class UpstreamTrustTests
{
    [Theory]
    [InlineData(ProviderCertificate.UntrustedRoot)]
    [InlineData(ProviderCertificate.WrongName)]
    [InlineData(ProviderCertificate.Expired)]
    public async Task A_provider_with_a_bad_certificate_gets_nothing_and_the_client_learns_why(ProviderCertificate flaw)
    {
        using var home = new TestFolder();
        await using var provider = await FakeProvider.StartAsync(flaw);
        await GuardProcess.ConfigureAsync(home.Path, provider);
        await using var guard = await GuardProcess.StartAsync(home.Path);

        // Twice: a first failure must not open a second, weaker way.
        for (var attempt = 0; attempt < 2; attempt++)
        {
            await using var connection = await RawConnection.ThroughAsync(guard, "api.openai.com");
            var body = System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(new { model = "gpt-5", messages = new[] { new { role = "user", content = Some.CleanPrompt() } } });

            var response = await connection.RequestAsync("POST", "/v1/chat/completions", "api.openai.com", ["Content-Type: application/json"], body);

            Assert.Equal(502, response.Status);
            Assert.Contains("LocalFirst.Guard", response.Text, StringComparison.Ordinal);
            Assert.Contains("certificate", response.Text, StringComparison.OrdinalIgnoreCase);
        }

        Assert.Equal(0, provider.Bytes);
        Assert.True(guard.IsRunning);
    }
}
