using System.Text.Json;
using System.Text.RegularExpressions;
using LocalFirst.Guard.Protocols;
using Xunit;

namespace LocalFirst.Guard.Tests.Protocols;

public sealed class CatalogueTests
{
    [Theory]
    [InlineData("api.openai.com", "openai")]
    [InlineData("API.OpenAI.com", "openai")]
    [InlineData("api.anthropic.com.", "anthropic")]
    [InlineData("ａｐｉ.openai.com", "openai")]
    [InlineData("api.enterprise.githubcopilot.com", "github-copilot")]
    [InlineData("generativelanguage.googleapis.com", "google-gemini")]
    public void A_host_is_found_whatever_its_spelling(string host, string provider) =>
        Assert.Equal(provider, Some.Catalogue.FindByHost(host)?.Id);

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("evil-api.openai.com")]
    [InlineData("api.openai.com.evil.example")]
    [InlineData("api.openai.com..")]
    [InlineData("openai.com")]
    [InlineData("xn--\u00e9\u00e9--.com")]
    public void Another_host_is_nobodys(string host) => Assert.Null(Some.Catalogue.FindByHost(host));

    [Fact]
    public void Base_paths_name_their_provider()
    {
        Assert.Equal("openai", Some.Catalogue.FindByBasePath("openai")?.Id);
        Assert.Equal("anthropic", Some.Catalogue.FindByBasePath("anthropic")?.Id);
        Assert.Null(Some.Catalogue.FindByBasePath("Openai"));
    }

    [Theory]
    [InlineData("POST", "/v1/messages", ApiForm.AnthropicMessages)]
    [InlineData("POST", "/v1/messages/count_tokens", ApiForm.AnthropicCountTokens)]
    [InlineData("GET", "/v1/messages", null)]
    [InlineData("POST", "/v1/messages/", null)]
    [InlineData("POST", "/v1%2Fmessages", null)]
    [InlineData("POST", "/v1/./messages", null)]
    [InlineData("POST", "//v1/messages", null)]
    [InlineData("POST", "/V1/messages", null)]
    public void Only_the_exact_path_is_an_endpoint(string method, string path, string? api) =>
        Assert.Equal(api, Some.Catalogue.FindByHost("api.anthropic.com")!.Match(method, path)?.Api);

    [Theory]
    [InlineData("id: x\nname: X\nhosts: [a.example]\nerrorShape: soap\n", 4, "errorShape")]
    [InlineData("id: x\nname: X\nhosts:\n  - '*.example'\nerrorShape: openai\n", 4, "hosts")]
    [InlineData("id: x\nname: X\nhosts: [A.example]\nerrorShape: openai\n", 3, "hosts")]
    [InlineData("id: x\nname: X\nhosts: [a.example]\nerrorShape: openai\nprise: 3\n", 5, "prise")]
    [InlineData("id: x\nname: X\nhosts: [a.example]\nerrorShape: openai\nendpoints:\n  - method: POST\n    path: /v1/\n    api: openai.chat\n", 6, "path")]
    [InlineData("id: x\nname: X\nhosts: [a.example]\nerrorShape: openai\nendpoints:\n  - method: POST\n    path: /v1\n    api: soap\n", 8, "api")]
    [InlineData("id: x\nname: X\nhosts: [a.example]\nerrorShape: openai\nendpoints:\n  - method: GET\n    path: /v1\n    api: openai.chat\n    transport: websocket\n", 9, "websocket")]
    [InlineData("id: x\nname: X\nhosts: [a.example]\nerrorShape: openai\nendpoints:\n  - method: GET\n    path: /v1\n    api: openai.responses\n    transport: smoke\n", 9, "transport")]
    [InlineData("id: x\nname: X\n", 1, "hosts")]
    [InlineData("id: x\n@name: X\n", 2, "YAML")]
    [InlineData("- a\n- b\n", 1, "mapping")]
    [InlineData("", 1, "mapping")]
    public void A_malformed_file_is_named_with_its_line(string yaml, int line, string word)
    {
        var error = Assert.Throws<CatalogueException>(() => ProviderCatalogue.Load([new("p.yaml", yaml)]));
        Assert.Equal("p.yaml", error.File);
        Assert.Equal(line, error.Line);
        Assert.StartsWith($"p.yaml:{line}: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(word, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("api.openai.com", "/v1/responses", true)]
    [InlineData("chatgpt.com", "/backend-api/codex/responses", true)]
    [InlineData("api.openai.com", "/v1/responses/", false)]
    [InlineData("api.openai.com", "/v1/realtime", false)]
    [InlineData("api.anthropic.com", "/v1/messages", false)]
    public void Only_a_catalogued_WebSocket_is_one_and_its_upgrade_is_no_plain_endpoint(string host, string path, bool isWebSocket)
    {
        var provider = Some.Catalogue.FindByHost(host)!;

        Assert.Equal(isWebSocket, provider.MatchWebSocket(path) is { Api: ApiForm.OpenAiResponses });
        Assert.Null(provider.Match("GET", path));
    }

    [Fact]
    public void Two_files_cannot_own_one_host()
    {
        const string Yaml = "id: {0}\nname: X\nhosts: [a.example]\nerrorShape: openai\n";
        var error = Assert.Throws<CatalogueException>(() => ProviderCatalogue.Load(
        [
            new("a.yaml", Yaml.Replace("{0}", "a", StringComparison.Ordinal)),
            new("b.yaml", Yaml.Replace("{0}", "b", StringComparison.Ordinal)),
        ]));
        Assert.Equal("b.yaml", error.File);
    }

    [Fact]
    public void Every_shipped_provider_satisfies_the_schema()
    {
        using var schema = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository(), "schemas", "provider.schema.json")));
        var properties = schema.RootElement.GetProperty("properties");
        var host = new Regex(properties.GetProperty("hosts").GetProperty("items").GetProperty("pattern").GetString()!);
        var id = new Regex(properties.GetProperty("id").GetProperty("pattern").GetString()!);
        var path = new Regex(properties.GetProperty("endpoints").GetProperty("items").GetProperty("properties").GetProperty("path").GetProperty("pattern").GetString()!);
        var apis = properties.GetProperty("endpoints").GetProperty("items").GetProperty("properties").GetProperty("api").GetProperty("enum").EnumerateArray().Select(api => api.GetString()).ToHashSet();
        var shapes = properties.GetProperty("errorShape").GetProperty("enum").EnumerateArray().Select(shape => shape.GetString()).ToHashSet();
        Assert.True(Some.Catalogue.Providers.Count >= 20);
        foreach (var provider in Some.Catalogue.Providers)
        {
            Assert.Matches(id, provider.Id);
            Assert.True(File.Exists(Path.Combine(Repository(), "rules", "providers", provider.Id + ".yaml")), provider.Id);
            Assert.Contains(provider.ErrorShape, shapes);
            Assert.All(provider.Hosts, name => Assert.Matches(host, name));
            Assert.NotEmpty(provider.CredentialHeaders);
            Assert.All(provider.Endpoints, endpoint =>
            {
                Assert.Matches(path, endpoint.Path);
                Assert.Contains(endpoint.Api, apis);
                Assert.NotNull(AnswerEncoders.For(endpoint.Api));
            });
        }
    }

    [Theory]
    [InlineData("claude-cli/2.1.197 (external, sdk-cli)", "claude-code")]
    [InlineData("codex_exec/0.169.0 (Debian 12.0.0; x86_64)", "codex")]
    [InlineData("copilot/1.0.102 (client/cli)", "copilot")]
    [InlineData("GeminiCLI-tui/0.61.0/gemini-3 (linux; x64)", "gemini-cli")]
    [InlineData("opencode/1.18.0 ai-sdk/provider-utils", "opencode")]
    [InlineData("QwenCode/0.15.0 (linux; x64)", "qwen-code")]
    [InlineData("OpenAI/JS 6.49.0", "openai-sdk-node")]
    [InlineData("AsyncOpenAI/Python 2.1.0", "openai-sdk-python")]
    [InlineData("OpenAI/2.8.0 (.NET 10.0.0)", "openai-sdk-dotnet")]
    [InlineData("Anthropic/JS 1.12.0", "anthropic-sdk-node")]
    [InlineData("curl/8.5.0", "curl")]
    [InlineData("Mozilla/5.0", "unknown")]
    public void A_client_is_known_by_its_user_agent(string userAgent, string client) =>
        Assert.Equal(client, ClientCatalogue.LoadBuiltIn().Identify([new("User-Agent", userAgent)]));

    [Fact]
    public void A_client_s_own_header_goes_before_the_user_agent_of_its_sdk()
    {
        var clients = ClientCatalogue.LoadBuiltIn();
        Assert.Equal("copilot", clients.Identify([new("user-agent", "OpenAI/JS 5.20.1"), new("Copilot-Integration-Id", "cli")]));
        Assert.Equal("unknown", clients.Identify([]));
    }

    [Fact]
    public void A_malformed_client_file_is_named_with_its_line()
    {
        var error = Assert.Throws<CatalogueException>(() => ClientCatalogue.Load([new("c.yaml", "id: x\nname: X\nagent: y\n")]));
        Assert.Equal(3, error.Line);
    }

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "LocalFirst.Guard.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The repository's root was not found above the test binary.");
    }
}
