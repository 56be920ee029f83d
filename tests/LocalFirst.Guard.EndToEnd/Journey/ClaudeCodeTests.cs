using System.Text;
using System.Text.Json.Nodes;
using LocalFirst.Guard.EndToEnd.Broker;
using LocalFirst.Guard.EndToEnd.Clients;
using LocalFirst.Guard.EndToEnd.Provider;
using LocalFirst.Guard.EndToEnd.Samples;
using LocalFirst.Guard.LocalModels.DemoModel;
using LocalFirst.Guard.MachineSetup.Runtimes;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Journey;

/// <summary>The real agent, in a namespace of its own, through the real broker.</summary>
[Collection<WithModel>]
public sealed class ClaudeCodeTests(BrokerWithModel broker)
{
    [Fact]
    public async Task A_clean_question_through_the_base_url_arrives_as_the_agent_wrote_it()
    {
        await LoopbackNamespace.RequireAsync();
        var prompt = Some.CleanPrompt();
        using var folder = new TestFolder();
        await using var bridge = new PortBridge(folder.File("bridge"), broker.Guard.Proxy.Port);

        var result = await ClaudeCode.AskAsync(prompt, bridge, BaseUrl());

        Assert.True(result.ExitCode == 0, result.Everything);
        Assert.Contains(ProviderAnswers.Text, result.Out, StringComparison.Ordinal);
        AssertArrivedAsWritten(prompt, bridge.Sent, prefix: "/anthropic");
    }

    [Fact]
    public async Task A_clean_question_through_the_proxy_arrives_as_the_agent_wrote_it()
    {
        await LoopbackNamespace.RequireAsync();
        var prompt = Some.CleanPrompt();
        using var folder = new TestFolder();
        await using var tap = new PlaintextTap(broker.Guard.Proxy.Port, broker.Guard.RootPem);
        await using var bridge = new PortBridge(folder.File("bridge"), tap.Port);
        var root = folder.File("tap.pem");
        await File.WriteAllTextAsync(root, tap.RootPem, TestContext.Current.CancellationToken);
        var way = RuntimeVariables.For(new Uri($"http://127.0.0.1:{tap.Port}"), root, root).ToDictionary(v => v.Name, v => v.Value);

        var result = await ClaudeCode.AskAsync(prompt, bridge, way);

        Assert.True(result.ExitCode == 0, result.Everything);
        Assert.Contains(ProviderAnswers.Text, result.Out, StringComparison.Ordinal);
        AssertArrivedAsWritten(prompt, tap.Sent, prefix: "");
    }

    [Fact]
    public async Task The_agent_trusts_the_broker_with_the_variables_of_guard_exec()
    {
        await LoopbackNamespace.RequireAsync();
        var prompt = Some.CleanPrompt();
        using var folder = new TestFolder();
        await using var bridge = new PortBridge(folder.File("bridge"), broker.Guard.Proxy.Port);

        var result = await ClaudeCode.AskAsync(prompt, bridge, broker.ProxyVariables());

        Assert.True(result.ExitCode == 0, result.Everything);
        Assert.Contains(ProviderAnswers.Text, result.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Way.Proxy, Sensitive.Secret)]
    [InlineData(Way.BaseUrl, Sensitive.Secret)]
    [InlineData(Way.BaseUrl, Sensitive.Card)]
    [InlineData(Way.BaseUrl, Sensitive.OwnCode)]
    public async Task What_must_not_leave_is_answered_here_and_the_agent_accepts_it(Way way, Sensitive kind)
    {
        await LoopbackNamespace.RequireAsync();
        var (prompt, canary) = broker.SensitivePrompt(kind);
        using var folder = new TestFolder();
        await using var bridge = new PortBridge(folder.File("bridge"), broker.Guard.Proxy.Port);

        var result = await ClaudeCode.AskAsync(prompt, bridge, way == Way.BaseUrl ? BaseUrl() : broker.ProxyVariables());

        Assert.True(result.ExitCode == 0, result.Everything);
        Assert.Contains(DemoModel.AnswerStart, result.Out, StringComparison.Ordinal);
        Assert.False(broker.Provider.HasSeen(canary));
    }

    [Fact]
    public async Task A_model_that_learned_the_agents_own_prompt_reads_all_of_it_in_fewer_tokens()
    {
        await LoopbackNamespace.RequireAsync();
        var prompt = Some.CleanPrompt();
        using var folder = new TestFolder();
        await using var bridge = new PortBridge(folder.File("bridge"), broker.Guard.Proxy.Port);
        var asked = await ClaudeCode.AskAsync(prompt, bridge, BaseUrl());
        Assert.True(asked.ExitCode == 0, asked.Everything);
        var sent = Assert.Single(broker.Provider.Requests, r => r.Path == "/v1/messages" && r.BodyText.Contains(prompt, StringComparison.Ordinal));
        using var home = new TestFolder();
        await GuardProcess.ConfigureAsync(home.Path, broker.Provider);
        await DemoModel.EnsureAsync(home.Path, sent.BodyText);
        await using var taught = await GuardProcess.StartAsync(home.Path);
        var flagged = JsonNode.Parse(sent.BodyText.Replace(prompt, $"Is {Some.GitHubToken()} still valid?", StringComparison.Ordinal))!;
        flagged["stream"] = false;

        var (before, untaught) = await AnswerAsync(broker.Guard, flagged);
        var (after, answer) = await AnswerAsync(taught, flagged);

        Assert.StartsWith(DemoModel.AnswerStart, untaught, StringComparison.Ordinal);
        Assert.StartsWith(DemoModel.AnswerStart, answer, StringComparison.Ordinal);
        Assert.InRange(after, 1, before - 1);
        Assert.InRange(before, 1, DemoModelWriter.ContextSize);
    }

    /// <summary>Input tokens and text of a local answer.</summary>
    private static async Task<(int Tokens, string Text)> AnswerAsync(GuardProcess guard, JsonNode body)
    {
        using var client = new HttpClient();
        using var content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        using var response = await client.PostAsync(new Uri($"{guard.AnthropicBase}/v1/messages"), content, Bounded.Test);
        var text = await response.Content.ReadAsStringAsync(Bounded.Test);
        Assert.True(response.IsSuccessStatusCode, text);
        var answer = JsonNode.Parse(text)!;
        return (answer["usage"]!["input_tokens"]!.GetValue<int>(), answer["content"]![0]!["text"]!.GetValue<string>().TrimStart());
    }

    private void AssertArrivedAsWritten(string prompt, IReadOnlyList<string> connections, string prefix)
    {
        var sent = connections.SelectMany(SentRequests.In).Where(r => r.Method == "POST").ToList();
        var received = Assert.Single(broker.Provider.Requests, r => r.Path == "/v1/messages" && r.BodyText.Contains(prompt, StringComparison.Ordinal));
        var original = Assert.Single(sent, r => r.Body.AsSpan().SequenceEqual(received.Body));
        Assert.Equal(original.Target, $"{prefix}{received.Target}");
        string[] ours = ["host", "connection", "transfer-encoding", "content-length"];
        Assert.Equal(
            original.Headers.Where(h => !ours.Contains(h.Key.ToLowerInvariant())).Select(h => $"{h.Key.ToLowerInvariant()}: {h.Value}").Order(),
            received.Headers.Where(h => !ours.Contains(h.Key.ToLowerInvariant())).Select(h => $"{h.Key.ToLowerInvariant()}: {h.Value}").Order());
    }

    private Dictionary<string, string> BaseUrl() => new() { ["ANTHROPIC_BASE_URL"] = broker.Guard.AnthropicBase.ToString() };
}
