using LocalFirst.Guard.MachineSetup.Runtimes;
using Xunit;

namespace LocalFirst.Guard.Tests.MachineSetup;

public sealed class RuntimeVariablesTests
{
    private static readonly IReadOnlyList<RuntimeVariable> Variables = RuntimeVariables.For(new Uri("http://127.0.0.1:8899"), "/home/x/root.pem", "/home/x/bundle.pem");

    [Theory]
    [InlineData("HTTPS_PROXY", "http://127.0.0.1:8899")]
    [InlineData("https_proxy", "http://127.0.0.1:8899")]
    [InlineData("NODE_USE_ENV_PROXY", "1")]
    [InlineData("NODE_EXTRA_CA_CERTS", "/home/x/root.pem")]
    [InlineData("DENO_CERT", "/home/x/root.pem")]
    [InlineData("SSL_CERT_FILE", "/home/x/bundle.pem")]
    [InlineData("REQUESTS_CA_BUNDLE", "/home/x/bundle.pem")]
    [InlineData("CURL_CA_BUNDLE", "/home/x/bundle.pem")]
    [InlineData("GIT_SSL_CAINFO", "/home/x/bundle.pem")]
    [InlineData("AWS_CA_BUNDLE", "/home/x/bundle.pem")]
    [InlineData("CARGO_HTTP_CAINFO", "/home/x/bundle.pem")]
    [InlineData("PIP_CERT", "/home/x/bundle.pem")]
    [InlineData("CODEX_CA_CERTIFICATE", "/home/x/bundle.pem")]
    public void Every_runtime_finds_the_proxy_and_its_roots(string name, string value) =>
        Assert.Equal(value, Assert.Single(Variables, v => v.Name == name).Value);

    [Fact]
    public void Local_servers_stay_direct()
    {
        foreach (var name in new[] { "NO_PROXY", "no_proxy" })
        {
            var entries = Assert.Single(Variables, v => v.Name == name).Value.Split(',');
            Assert.Contains("localhost", entries);
            Assert.Contains("127.0.0.1", entries);
            Assert.Contains("::1", entries);
        }
    }

    [Fact]
    public void Plain_http_is_left_alone() =>
        Assert.DoesNotContain(Variables, v => v.Name.Equals("HTTP_PROXY", StringComparison.OrdinalIgnoreCase) || v.Name.Equals("ALL_PROXY", StringComparison.OrdinalIgnoreCase));

    [Fact]
    public void Every_variable_stands_once_and_says_why()
    {
        Assert.Equal(Variables.Count, Variables.Select(v => v.Name).Distinct(StringComparer.Ordinal).Count());
        Assert.All(Variables, v => Assert.EndsWith(".", v.Why, StringComparison.Ordinal));
    }

    [Fact]
    public void Base_urls_end_where_the_SDKs_begin()
    {
        var urls = RuntimeVariables.BaseUrls(new Uri("http://127.0.0.1:8899")).ToDictionary(v => v.Name, v => v.Value);

        Assert.Equal("http://127.0.0.1:8899/openai/v1", urls["OPENAI_BASE_URL"]);
        Assert.Equal("http://127.0.0.1:8899/anthropic", urls["ANTHROPIC_BASE_URL"]);
    }
}
