using System.Text;
using LocalFirst.Guard.Configuration;
using LocalFirst.Guard.Policies.Yaml;
using Xunit;

namespace LocalFirst.Guard.Tests.Configuration;

public sealed class SettingsFileTests
{
    private static readonly string Folder = OperatingSystem.IsWindows() ? @"C:\guard" : "/guard";

    [Theory]
    [InlineData("")]
    [InlineData("# nothing yet\n\n")]
    public void A_file_that_says_nothing_means_the_defaults(string text)
    {
        var settings = Parse(text);
        Assert.Equal("127.0.0.1:8899", settings.Listen.ToString());
        Assert.Equal("127.0.0.1:8898", settings.Portal.ToString());
        Assert.Equal("default", settings.Policy);
        Assert.Empty(settings.Upstreams);
        Assert.Empty(settings.Models);
        Assert.Null(settings.Server);
    }

    [Fact]
    public void A_missing_file_means_the_defaults_unless_somebody_named_it()
    {
        var path = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"), "guard.yaml");
        Assert.Equal(8899, SettingsFile.Load(path).Listen.Port);
        Assert.Contains("--config", Assert.Throws<GuardException>(() => SettingsFile.Load(path, mustExist: true)).Message, StringComparison.Ordinal);
        Assert.Throws<GuardException>(() => SettingsFile.Load(Path.GetTempPath()));
    }

    [Fact]
    public void The_inventory_names_one_or_several_plans_of_a_provider()
    {
        var plans = Parse("plans:\n  anthropic: anthropic-claude-for-work\n  google-gemini: [google-gemini-api-paid, google-gemini-api-free]\n").Plans;
        Assert.Equal(["anthropic-claude-for-work"], plans["anthropic"]);
        Assert.Equal(["google-gemini-api-paid", "google-gemini-api-free"], plans["google-gemini"]);
    }

    [Theory]
    [InlineData("plans:\n  nobody: x\n", "no terms are known")]
    [InlineData("plans:\n  anthropic: openai-api\n", "anthropic-claude-for-work")]
    [InlineData("plans:\n  anthropic: []\n", "empty")]
    public void An_inventory_that_names_no_known_terms_is_refused_with_its_line(string text, string word)
    {
        var error = Assert.Throws<YamlFileException>(() => Parse(text));
        Assert.Contains(word, error.Message, StringComparison.Ordinal);
        Assert.Contains(":2:", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_key_is_read()
    {
        var settings = Parse("""
            listen: 127.0.0.2:0
            portal: "[::1]:9000"
            policy: mine/policy.yaml
            upstreams:
              api.openai.com: https://10.0.0.7:8443/openai
              API.anthropic.com: https://127.0.0.1:1234
            upstreamTrust: roots.pem
            models:
              - name: qwen2.5-coder-7b
                context: 32768
                natives: natives
                requireConfinement: true
              - url: http://127.0.0.1:11434/v1
                model: qwen3:8b
            server: https://guard.example
            """);
        Assert.Equal("127.0.0.2:0", settings.Listen.ToString());
        Assert.Equal("[::1]:9000", settings.Portal.ToString());
        Assert.Equal(Path.Combine(Folder, "mine", "policy.yaml"), settings.Policy);
        Assert.Equal("https://10.0.0.7:8443/openai", settings.Upstreams["API.OPENAI.COM"].AbsoluteUri);
        Assert.Equal(2, settings.Upstreams.Count);
        Assert.Equal(Path.Combine(Folder, "roots.pem"), settings.UpstreamTrust);
        Assert.Equal(new ModelSettings { Name = "qwen2.5-coder-7b", Context = 32768, Natives = Path.Combine(Folder, "natives"), RequireConfinement = true }, settings.Models[0]);
        Assert.Equal(new ModelSettings { Url = new Uri("http://127.0.0.1:11434/v1"), Model = "qwen3:8b" }, settings.Models[1]);
        Assert.Equal("https://guard.example/", settings.Server!.AbsoluteUri);
    }

    [Theory]
    [InlineData("lisen: 127.0.0.1:1\n", "guard.yaml:1:1: lisen", "Did you mean 'listen'?")]
    [InlineData("policy: strict\nlisten: 0.0.0.0:8899\n", "guard.yaml:2:9: listen", "loopback")]
    [InlineData("listen: 192.168.1.4:8899\n", "guard.yaml:1:9: listen", "loopback")]
    [InlineData("listen: \"[::]:8899\"\n", "listen", "loopback")]
    [InlineData("listen: 127.0.0.1\n", "listen", "IP:PORT")]
    [InlineData("listen: 8899\n", "listen", "IP:PORT")]
    [InlineData("listen: localhost:8899\n", "listen", "IP:PORT")]
    [InlineData("listen: 127.0.0.1:99999\n", "listen", "IP:PORT")]
    [InlineData("portal: 127.1:80\n", "portal", "IP:PORT")]
    [InlineData("listen: 127.0.0.1:9\nportal: 127.0.0.1:9\n", "guard.yaml:2:9: portal", "another port")]
    [InlineData("policy: stict\n", "guard.yaml:1:9: policy", "default or strict")]
    [InlineData("upstreams: {https://api.openai.com: https://x}\n", "upstreams", "without scheme")]
    [InlineData("upstreams: {api.openai.com: ftp://x}\n", "upstreams.api.openai.com", "https://")]
    [InlineData("upstreams: {api.openai.com: x}\n", "upstreams.api.openai.com", "https://")]
    [InlineData("upstreams: {api.openai.com: \"https://x/?a=b\"}\n", "upstreams.api.openai.com", "?query")]
    [InlineData("upstreams: {a.example: https://x, A.example: https://y}\n", "upstreams.A.example", "twice")]
    [InlineData("models: [{name: a, url: http://x}]\n", "models[0]", "either")]
    [InlineData("models: [{context: 5}]\n", "models[0]", "either")]
    [InlineData("models: [{name: ../x}]\n", "models[0].name", "plain model name")]
    [InlineData("models: [{name: a, model: b}]\n", "models[0].model", "'url'")]
    [InlineData("models: [{url: http://x, natives: b}]\n", "models[0].natives", "'name'")]
    [InlineData("models: [{name: a, context: many}]\n", "models[0].context", "whole number")]
    [InlineData("models: [{name: a, requireConfinement: yes}]\n", "models[0].requireConfinement", "true or false")]
    [InlineData("server: http://guard.example\n", "server", "https")]
    [InlineData("- a\n", "guard.yaml:1:1", "a mapping is expected")]
    public void An_error_names_file_line_field_and_mend(string text, string where, string mend)
    {
        var error = Assert.Throws<YamlFileException>(() => Parse(text));
        Assert.StartsWith("guard.yaml:", error.Message, StringComparison.Ordinal);
        Assert.Contains(where, error.Message, StringComparison.Ordinal);
        Assert.Contains(mend, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_password_in_an_address_is_refused_and_not_repeated()
    {
        var error = Assert.Throws<YamlFileException>(() => Parse("models: [{url: \"https://me:hunter2@host/v1\"}]\n"));
        Assert.DoesNotContain("hunter2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_option_on_the_command_line_is_checked_the_same_way()
    {
        Assert.Equal(0, LoopbackEndpoint.Parse("127.0.0.1:0", "--listen").Port);
        Assert.Contains("--listen", Assert.Throws<GuardException>(() => LoopbackEndpoint.Parse("0.0.0.0:1", "--listen")).Message, StringComparison.Ordinal);
    }

    private static GuardSettings Parse(string text) => SettingsFile.Parse(Encoding.UTF8.GetBytes(text), "guard.yaml", Folder);
}
