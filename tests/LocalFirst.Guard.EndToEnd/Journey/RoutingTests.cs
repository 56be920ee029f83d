using System.IO.Compression;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using LocalFirst.Guard.EndToEnd.Broker;
using LocalFirst.Guard.EndToEnd.Clients;
using LocalFirst.Guard.EndToEnd.Portal;
using LocalFirst.Guard.EndToEnd.Provider;
using LocalFirst.Guard.EndToEnd.Samples;
using Microsoft.AspNetCore.Http;
using Microsoft.Playwright;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Journey;

/// <summary>A session that plans and then edits, in the form in which Claude Code sends it, through the real broker; each test with a policy of its own.</summary>
public sealed partial class RoutingTests : IAsyncLifetime
{
    private const string ExecutionStays = """
          - {id: execution-stays, when: {phase: execution}, then: local, reason: Execution is done here.}
        """;

    private const string SecretsStay = """
          - {id: secrets-stay, when: {detector: secrets}, then: local, reason: A credential was found.}
        """;

    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly TestFolder _home = new();
    private readonly string _session = Guid.NewGuid().ToString();
    private FakeProvider _provider = null!;
    private GuardProcess? _guard;

    public async ValueTask InitializeAsync()
    {
        _provider = await FakeProvider.StartAsync();
        await DemoModel.EnsureAsync(_home.Path);
    }

    public async ValueTask DisposeAsync()
    {
        if (_guard is not null)
        {
            await _guard.DisposeAsync();
        }

        await _provider.DisposeAsync();
        _home.Dispose();
    }

    [Fact]
    public async Task Planning_reaches_the_provider_as_it_was_written_execution_is_answered_here_and_the_page_shows_the_split()
    {
        await StartAsync(ExecutionStays, SecretsStay);
        var plan = Turn(User("Plan how to add a divide function."), PlanMode());
        var looked = Turn(User("Plan how to add a divide function."), PlanMode(), Call("Read"), Result("module.exports = { add };"));
        object[] planned = [User("Plan how to add a divide function."), PlanMode(), Call("Read"), Result("module.exports = { add };"), Said("Add it beside add."), User("Do it."), ExitPlanMode()];
        await AskAsync(plan);
        await AskAsync(looked);
        var first = await AskAsync(Turn(planned));
        var second = await AskAsync(Turn([.. planned, Call("Edit"), Result("The file was written.")]));

        Assert.Equal([plan, looked], _provider.Requests.Where(r => r.Path == "/v1/messages").Select(r => r.BodyText));
        Assert.All([first, second], r => Assert.Contains(DemoModel.AnswerStart.Split(' ')[0], r.Text, StringComparison.Ordinal));
        Assert.All([first, second], r => Assert.Equal("local", r.Header("x-localfirst-route")));

        var records = await RecordsAsync(outcomes: 4);
        Assert.Equal(["planning", "planning", "execution", "execution"], records.Where(r => r.Type == "decision").Select(r => r.Text("phase")));
        Assert.Single(records.Where(r => r.Type == "decision").Select(r => r.Text("session")).Distinct());
        var usages = records.Where(r => r.Type == "outcome").Select(r => r.Record.GetProperty("usage")).ToList();
        Assert.Equal(2, usages.Count(u => u.GetProperty("cost_nano_usd").GetInt64() == 0 && u.GetProperty("cloud_cost_nano_usd").GetInt64() > 0));
        Assert.Equal(2, usages.Count(u => u.GetProperty("model").GetString() == "claude-opus-4-8" && u.GetProperty("cost_nano_usd").GetInt64() > 0));

        await using var browser = await Chromium.StartAsync();
        var watched = await browser.NewPageAsync();
        var link = await LinkAsync();
        await watched.Page.GotoAsync(link.AbsoluteUri);
        await watched.Page.GetByRole(AriaRole.Link, new() { Name = "Spend" }).ClickAsync();
        await watched.Page.GetByRole(AriaRole.Heading, new() { NameRegex = SpendHeading() }).SeenAsync();
        var planning = watched.Page.Locator("table.list tbody tr").Filter(new() { HasText = "planning" });
        var execution = watched.Page.Locator("table.list tbody tr").Filter(new() { HasText = "execution" });
        Assert.Equal(["2", "0"], (await planning.Locator("td.number").AllInnerTextsAsync()).Take(2));
        Assert.Equal(["0", "2"], (await execution.Locator("td.number").AllInnerTextsAsync()).Take(2));
        Assert.Equal("$0.00", (await execution.Locator("td.number").AllInnerTextsAsync())[2]);
        await watched.Page.GetByText("50 % of the requests").SeenAsync();
        Assert.Empty(watched.Errors);
        await watched.PictureAsync("spend");
        await watched.Page.SetViewportSizeAsync(420, 900);
        await watched.PictureAsync("spend-narrow");
        await watched.Page.SetViewportSizeAsync(1280, 800);
        await watched.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await watched.PictureAsync("spend-dark");
    }

    [Fact]
    public async Task With_the_budget_at_zero_everything_stays_here()
    {
        await StartWithBudgetAsync("0", ExecutionStays);
        Assert.Equal(200, (await AskAsync(Turn(User("Plan it."), PlanMode()))).Status);
        Assert.Equal(200, (await AskAsync(Turn(User("Do it.")))).Status);
        await using var connection = await RawConnection.ThroughAsync(_guard!, "api.anthropic.com");
        var models = await connection.RequestAsync("GET", "/v1/models", "api.anthropic.com", ["x-api-key: dummy"], default);

        Assert.Equal(400, models.Status);
        Assert.Contains("built-in:budget-spent", models.Text, StringComparison.Ordinal);
        Assert.Equal(0, _provider.Connections);
    }

    [Fact]
    public async Task A_secret_in_the_planning_turn_keeps_it_here()
    {
        await StartAsync("  - {id: premium, when: {phase: planning}, then: allow, model: claude-opus-4-8, reason: Plans get the best model.}", SecretsStay);
        var token = Some.GitHubToken();
        var answer = await AskAsync(Turn(User($"Plan why this does not deploy:\nexport GITHUB_TOKEN={token}\n"), PlanMode()));

        Assert.Equal("local", answer.Header("x-localfirst-route"));
        Assert.Equal(0, _provider.Connections);
    }

    [Fact]
    public async Task A_phase_rule_changes_the_model_and_nothing_else()
    {
        await StartAsync("  - {id: premium, when: {phase: planning}, then: allow, model: claude-opus-4-8, reason: Plans get the best model.}", SecretsStay);
        var plan = Turn(User("Plan it: Grüße."), PlanMode()).Replace("\"model\":\"claude-opus-4-8\"", "\"model\": \"claude-sonnet-5\"", StringComparison.Ordinal);
        var act = Turn(User("Do it."), ExitPlanMode()).Replace("\"model\":\"claude-opus-4-8\"", "\"model\": \"claude-sonnet-5\"", StringComparison.Ordinal);
        Assert.Equal(200, (await AskAsync(plan)).Status);
        Assert.Equal(200, (await AskAsync(act)).Status);

        Assert.Equal([plan.Replace("\"claude-sonnet-5\"", "\"claude-opus-4-8\"", StringComparison.Ordinal), act], _provider.Requests.Select(r => r.BodyText));
        Assert.Equal(Encoding.UTF8.GetByteCount(_provider.Requests[0].BodyText).ToString(System.Globalization.CultureInfo.InvariantCulture), _provider.Requests[0].Header("Content-Length"));
        var decisions = (await RecordsAsync(outcomes: 2)).Where(r => r.Type == "decision").ToList();
        Assert.Equal(["claude-sonnet-5", "claude-sonnet-5"], decisions.Select(d => d.Text("model")));
        Assert.Equal(["claude-opus-4-8", null], decisions.Select(d => d.Text("model_sent")));
    }

    [Fact]
    public async Task A_compressed_answer_reaches_the_client_untouched_and_is_counted()
    {
        await StartAsync(SecretsStay);
        var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write("""{"id":"msg_1","type":"message","role":"assistant","model":"claude-opus-4-8","content":[{"type":"text","text":"ok"}],"stop_reason":"end_turn","usage":{"input_tokens":1000,"cache_read_input_tokens":0,"cache_creation_input_tokens":0,"output_tokens":100}}"""u8);
        }

        _provider.Answer = async (context, _) =>
        {
            context.Response.ContentType = "application/json";
            context.Response.Headers.ContentEncoding = "gzip";
            await context.Response.Body.WriteAsync(packed.ToArray());
        };
        var answer = await AskAsync(Turn(User("Plan it."), PlanMode()));

        Assert.Equal(packed.ToArray(), answer.Body);
        var usage = (await RecordsAsync(outcomes: 1)).Single(r => r.Type == "outcome").Record.GetProperty("usage");
        Assert.Equal((1000L, 100L, (1000L * 5_000) + (100 * 25_000)), (usage.GetProperty("input").GetInt64(), usage.GetProperty("output").GetInt64(), usage.GetProperty("cost_nano_usd").GetInt64()));
    }

    [Fact]
    public async Task A_model_that_nobody_knows_the_price_of_stays_here_until_a_price_is_told()
    {
        await StartWithBudgetAsync("5", SecretsStay);
        var turn = Turn(User("Plan it."), PlanMode()).Replace("claude-opus-4-8", "claude-unheard-of", StringComparison.Ordinal);
        Assert.Equal("local", (await AskAsync(turn)).Header("x-localfirst-route"));
        Assert.Equal(0, _provider.Connections);
        Assert.Equal("built-in:no-price", (await RecordsAsync(outcomes: 1)).First(r => r.Type == "decision").Record.GetProperty("reasons")[0].GetProperty("rule").GetString());
        await _guard!.DisposeAsync();

        await File.WriteAllTextAsync(_home.File("prices.yaml"), "provider: anthropic\nversion: \"contract 7\"\nmodels:\n  - {names: [claude-unheard-of], input: 1, output: 2}\n", TestContext.Current.CancellationToken);
        await StartWithBudgetAsync("5", SecretsStay, "prices: prices.yaml");
        await AskAsync(turn);
        Assert.Single(_provider.Requests);
        Assert.Contains(await RecordsAsync(outcomes: 2), r => r.Type == "outcome" && r.Record.TryGetProperty("usage", out var usage) && usage.TryGetProperty("prices", out var prices) && prices.GetString() == "contract 7");
    }

    [Fact]
    public async Task A_kill_loses_nothing_of_what_the_month_has_cost()
    {
        // Each answer costs ten dollars; a budget of twelve pays for one, and the next must know of it.
        _provider.Answer = async (context, _) =>
        {
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync("""{"type":"message","model":"claude-opus-4-8","content":[],"usage":{"input_tokens":2000000,"output_tokens":0}}""");
        };
        await StartWithBudgetAsync("10.05", SecretsStay);
        Assert.Null((await AskAsync(Turn(User("Plan it."), PlanMode()))).Header("x-localfirst-route"));
        await RecordsAsync(outcomes: 1);
        await _guard!.KillAsync();
        await _guard.DisposeAsync();

        await StartWithBudgetAsync("10.05", SecretsStay);
        Assert.Equal("local", (await AskAsync(Turn(User("And now?"), PlanMode()))).Header("x-localfirst-route"));
        Assert.Single(_provider.Requests);
    }

    [Fact]
    public async Task The_real_agent_in_plan_mode_plans_at_the_provider()
    {
        await LoopbackNamespace.RequireAsync();
        await StartAsync(ExecutionStays, "  - {id: background-stays, when: {phase: background}, then: local, reason: Titles and probes are answered here.}", SecretsStay);
        var prompt = Some.CleanPrompt();
        using var folder = new TestFolder();
        await using var bridge = new PortBridge(folder.File("bridge"), _guard!.Proxy.Port);

        var result = await ClaudeCode.AskAsync(prompt, bridge, new Dictionary<string, string> { ["ANTHROPIC_BASE_URL"] = _guard.AnthropicBase.ToString() });

        Assert.True(result.ExitCode == 0, result.Everything);
        Assert.Contains(ProviderAnswers.Text, result.Out, StringComparison.Ordinal);
        var records = await AuditTail.ReadAsync(_home.Path);
        Assert.Contains(records, r => r.Type == "decision" && r.Text("phase") == "planning" && r.Text("action") == "allow");
        Assert.DoesNotContain(records, r => r.Type == "decision" && r.Text("phase") == "execution");
    }

    private Task StartAsync(params string[] rules) => ComposeAsync("", "", rules);

    private Task StartWithBudgetAsync(string usd, string rule, string more = "") => ComposeAsync($"budget: {{monthlyUsd: {usd}}}", more, rule);

    private async Task ComposeAsync(string budget, string more, params string[] rules)
    {
        await File.WriteAllTextAsync(_home.File("policy.yaml"), $"name: test\nversion: \"1\"\n{budget}\nrules:\n{string.Join('\n', rules.Select(r => "  " + r.Trim()))}\n");
        await GuardProcess.ConfigureAsync(_home.Path, _provider, $"policy: policy.yaml\n{more}");
        _guard = await GuardProcess.StartAsync(_home.Path);
    }

    private async Task<RawResponse> AskAsync(string body)
    {
        await using var connection = await RawConnection.ThroughAsync(_guard!, "api.anthropic.com");
        var response = await connection.RequestAsync(
            "POST",
            "/v1/messages?beta=true",
            "api.anthropic.com",
            ["Content-Type: application/json", "User-Agent: claude-cli/2.1.197 (external, sdk-cli)", "x-api-key: dummy", $"X-Claude-Code-Session-Id: {_session}", "anthropic-version: 2023-06-01"],
            Encoding.UTF8.GetBytes(body));
        Assert.True(response.Status == 200, response.ToString());
        return response;
    }

    private async Task<IReadOnlyList<TailedRecord>> RecordsAsync(int outcomes)
    {
        IReadOnlyList<TailedRecord> records = [];
        await Bounded.UntilAsync(
            async () =>
            {
                records = await AuditTail.ReadAsync(_home.Path);
                return records.Count(r => r.Type == "outcome") >= outcomes;
            },
            $"{outcomes} outcome records");
        return records;
    }

    private async Task<Uri> LinkAsync()
    {
        var result = await Terminal.RunAsync(_home.Path, "portal");
        Assert.True(result.ExitCode == 0, result.Everything);
        return new Uri(Link().Match(result.Out).Value);
    }

    private static string Turn(params object[] messages) => JsonSerializer.Serialize(
        new
        {
            model = "claude-opus-4-8",
            messages,
            system = new[] { new { type = "text", text = "You help with code." } },
            tools = new[] { "Bash", "Edit", "Read", "Write" }.Select(name => new { name, description = $"{name} of a test; in Plan mode is active only Read is allowed.", input_schema = new { type = "object", properties = new { path = new { type = "string" } } } }),
            max_tokens = 64000,
            thinking = new { type = "adaptive" },
            stream = true,
        },
        Plain);

    private static object User(string text) => new { role = "user", content = new[] { new { type = "text", text = "<system-reminder>\nToday is a Sunday.\n</system-reminder>" }, new { type = "text", text } } };

    private static object PlanMode() => new { role = "system", content = "Agents:\n- none\n\nPlan mode is active. Read, and change nothing." };

    private static object ExitPlanMode() => new { role = "system", content = "Agents:\n- none\n\n## Exited Plan Mode\n\nFiles may be changed." };

    private static object Said(string text) => new { role = "assistant", content = new[] { new { type = "text", text } } };

    private static object Call(string tool) => new { role = "assistant", content = new[] { new { type = "tool_use", id = $"toolu_{tool}", name = tool, input = new { path = "calc.js" } } } };

    private static object Result(string text) => new { role = "user", content = new[] { new { type = "tool_result", tool_use_id = "toolu_Read", content = text } } };

    [GeneratedRegex(@"http://\S+\.localhost:\d+/\S*#\w+")]
    private static partial Regex Link();

    [GeneratedRegex("^Spend in ")]
    private static partial Regex SpendHeading();
}
