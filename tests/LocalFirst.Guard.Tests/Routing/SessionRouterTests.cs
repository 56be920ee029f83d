using System.Text;
using System.Text.Json;
using LocalFirst.Guard.Protocols;
using LocalFirst.Guard.Routing;
using LocalFirst.Guard.Tests.Protocols;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace LocalFirst.Guard.Tests.Routing;

public sealed class SessionRouterTests
{
    private static readonly ClientCatalogue Clients = ClientCatalogue.LoadBuiltIn();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 22, 9, 0, 0, TimeSpan.Zero));
    private readonly SessionRouter _router;

    public SessionRouterTests() => _router = new SessionRouter(Clients, _time);

    [Fact]
    public void A_plan_is_planning_until_the_client_says_that_it_left_the_mode()
    {
        Assert.Equal("planning", Agent(User("plan it"), Harness("Agents:\n- none\n\nPlan mode is active. No edits.")));
        Assert.Equal("planning", Agent(User("plan it"), Harness("Plan mode is active. No edits."), Call(), Result("ok")));
        Assert.Equal("execution", Agent(User("plan it"), Harness("Plan mode is active. No edits."), Call(), Result("approved"), Harness("## Exited Plan Mode\n\nGo on.")));
        Assert.Equal("execution", Agent(User("now do it"), Call(), Result("done")));
    }

    [Fact]
    public void A_mode_holds_over_turns_that_do_not_repeat_it()
    {
        Assert.Equal("planning", Agent(User("plan it"), Harness("Plan mode is active.")));
        Assert.Equal("planning", Agent(User("and the tests?")));
        Assert.Equal("planning", Agent(User("and the tests?"), Call(), Result("x")));
        Assert.Equal("execution", AgentOf("another-session", User("fix it")));
    }

    [Fact]
    public void The_last_marker_in_wire_order_wins()
    {
        Assert.Equal("execution", Agent(User("a"), Harness("Plan mode is active."), User("b"), Harness("## Exited Plan Mode")));
        Assert.Equal("planning", Agent(User("a"), Harness("## Exited Plan Mode\n\nx\n\nPlan mode is active.")));
    }

    [Theory]
    [InlineData("the docs say: Plan mode is active.")]
    [InlineData("line\nPlan mode is active.")]
    [InlineData("Contents of /work/CLAUDE.md:\n\nPlan mode is active.")]
    [InlineData("Result of calling the Bash tool:\n\nPlan mode is active.")]
    public void Words_in_the_middle_of_a_system_message_or_in_what_it_repeats_are_no_marker(string text) =>
        Assert.Equal("execution", Agent(User("x"), Harness(text)));

    [Fact]
    public void A_reminder_of_an_earlier_version_counts_only_as_a_text_of_its_own_and_only_without_system_messages()
    {
        const string reminder = "<system-reminder>\nPlan mode is active. No edits.\n</system-reminder>";
        Assert.Equal("planning", AgentOf("a", User(reminder, "plan it")));
        Assert.Equal("execution", AgentOf("b", User($"{reminder} please")));
        Assert.Equal("execution", AgentOf("c", User($"look:\n{reminder}")));
        Assert.Equal("execution", AgentOf("d", User(reminder, "plan it"), Harness("Agents:\n- none")));
        Assert.Equal("execution", AgentOf("e", User("x"), Call(), Result(reminder)));
    }

    [Fact]
    public void What_is_asked_beside_the_conversation_is_background_and_moves_nothing()
    {
        Assert.Equal("planning", Agent(User("plan it"), Harness("Plan mode is active.")));
        Assert.Equal("background", Look("claude-code", "s", Body(tools: false, User("title?")), "/v1/messages"));
        Assert.Equal("background", Look("claude-code", "s", Body(tools: true, User("quota")).Replace("64000", "1", StringComparison.Ordinal), "/v1/messages"));
        Assert.Equal("background", Look("claude-code", "s", Body(tools: true, User("a", "CRITICAL: Respond with TEXT ONLY. Sum up.")), "/v1/messages"));
        Assert.Equal("background", Look("claude-code", "s", Body(tools: true, User("count")), "/v1/messages/count_tokens"));
        Assert.Equal("planning", Agent(User("go on")));
    }

    [Theory]
    [InlineData("# Plan Mode\nx", "turn", "danger-full-access", "planning")]
    [InlineData("# Collaboration Mode: Plan\nx", "turn", "danger-full-access", "planning")]
    [InlineData("# Collaboration Mode: Default\nPlan Mode is over.", "turn", "danger-full-access", "execution")]
    [InlineData("# Collaboration Mode: Default\nx", "turn", "read-only", "planning")]
    [InlineData("# Collaboration Mode: Default\nx", "prewarm", "danger-full-access", "background")]
    public void Codex_tells_its_mode_in_a_developer_message_and_its_kind_in_a_header(string mode, string kind, string sandbox, string phase)
    {
        var body = JsonSerializer.Serialize(new
        {
            model = "gpt-5",
            input = new object[]
            {
                new { type = "message", role = "developer", content = new[] { new { type = "input_text", text = $"<collaboration_mode>{mode}</collaboration_mode>" } } },
                new { type = "message", role = "user", content = new[] { new { type = "input_text", text = "<collaboration_mode># Plan Mode" } } },
            },
        });
        var metadata = JsonSerializer.Serialize(new { request_kind = kind, thread_source = "user", sandbox_mode = sandbox, workspaces = new Dictionary<string, string> { ["sandbox_mode"] = "read-only" } });
        Assert.Equal(phase, Look("codex", "s", body, "/v1/responses", ("x-codex-turn-metadata", metadata)));
    }

    [Fact]
    public void A_client_that_nobody_knows_has_no_phase()
    {
        Assert.Null(Look("curl", "s", Body(tools: true, User("Plan mode is active."), Harness("Plan mode is active.")), "/v1/messages"));
        Assert.Null(Look(null, null, Body(tools: true, User("x")), "/v1/messages"));
    }

    [Fact]
    public void The_same_sequence_gives_the_same_phases()
    {
        var random = new Random(20261122);
        object[][] turns =
        [
            [User("a"), Harness("Plan mode is active.")], [User("a"), Call(), Result("Plan mode is active.")], [User("b"), Harness("## Exited Plan Mode")], [User("c")],
        ];
        var sequence = Enumerable.Range(0, 300).Select(_ => (Session: $"s{random.Next(5)}", Turn: turns[random.Next(turns.Length)])).ToList();
        Assert.Equal(Run(), Run());

        List<string?> Run()
        {
            var router = new SessionRouter(Clients, _time);
            return [.. sequence.Select(s => LookIn(router, "claude-code", s.Session, Body(true, s.Turn), "/v1/messages").Phase)];
        }
    }

    [Fact]
    public void Memory_is_bounded_and_the_session_that_was_used_last_is_kept()
    {
        var memory = new SessionMemory(capacity: 3);
        var kept = memory.Of("a");
        foreach (var key in (string[])["b", "c", "a", "d"])
        {
            memory.Of(key);
        }

        Assert.Equal(3, memory.Count);
        Assert.Same(kept, memory.Of("a"));
    }

    [Fact]
    public void A_follow_up_reads_what_it_shares_from_the_cache_until_the_cache_is_too_old()
    {
        var long1 = new string('x', 20_000);
        var first = LookIn(_router, "claude-code", "s", Body(true, User(long1)), "/v1/messages");
        _time.Advance(TimeSpan.FromMinutes(1));
        var second = LookIn(_router, "claude-code", "s", Body(true, User(long1), Call(), Result(new string('y', 4_000))), "/v1/messages");
        _time.Advance(TimeSpan.FromMinutes(6));
        var late = LookIn(_router, "claude-code", "s", Body(true, User(long1), Call(), Result(new string('y', 4_000))), "/v1/messages");

        Assert.Equal(0, first.CachedTokens);
        Assert.InRange(second.CachedTokens, 4_000, 4_700);
        Assert.Equal(0, late.CachedTokens);
    }

    [Fact]
    public void A_restart_keeps_the_phase_that_the_log_tells()
    {
        _router.Restore("s", "planning");
        _router.Restore("t", "background");
        Assert.Equal("planning", Agent(User("go on")));
        Assert.Equal("execution", AgentOf("t", User("go on")));
    }

    private string? Agent(params object[] messages) => AgentOf("s", messages);

    private string? AgentOf(string session, params object[] messages) => Look("claude-code", session, Body(tools: true, messages), "/v1/messages");

    private string? Look(string? client, string? session, string body, string path, params (string, string)[] headers) =>
        LookIn(_router, client, session, body, path, headers).Phase;

    private static RoutedRequest LookIn(SessionRouter router, string? client, string? session, string body, string path, params (string, string)[] headers)
    {
        var host = path.StartsWith("/v1/messages", StringComparison.Ordinal) ? "api.anthropic.com" : "api.openai.com";
        var request = Some.Request(host, path, Encoding.UTF8.GetBytes(body), "POST", headers);
        return router.Look(client, session, Some.Decode(request), request.Headers);
    }

    private static string Body(bool tools, params object[] messages) => JsonSerializer.Serialize(new
    {
        model = "claude-opus-4-8",
        max_tokens = 64000,
        messages,
        tools = tools ? new object[] { new { name = "Edit", description = "Edits. Plan mode is active.", input_schema = new { type = "object" } } } : [],
    });

    private static object User(params string[] texts) => new { role = "user", content = texts.Select(text => new { type = "text", text }).ToArray() };

    private static object Harness(string text) => new { role = "system", content = text };

    private static object Call() => new { role = "assistant", content = new[] { new { type = "tool_use", id = "toolu_1", name = "Edit", input = new { path = "a" } } } };

    private static object Result(string text) => new { role = "user", content = new[] { new { type = "tool_result", tool_use_id = "toolu_1", content = text } } };
}
