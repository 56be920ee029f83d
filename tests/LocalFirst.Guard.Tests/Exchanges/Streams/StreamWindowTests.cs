using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Exchanges;
using LocalFirst.Guard.Inspection;
using LocalFirst.Guard.Tests.Inspection;
using Xunit;

namespace LocalFirst.Guard.Tests.Exchanges.Streams;

/// <summary>A value that is whole only across messages closes the stream and is recorded with what had left of it.</summary>
public sealed class StreamWindowTests
{
    private static readonly IInspector Real = Inspector.Create(new InspectionOptions());

    [Fact]
    public async Task A_secret_split_at_every_position_over_two_messages_does_not_leave_whole()
    {
        var secret = SomeSecret.GitHubToken();
        for (var at = 1; at < secret.Length; at++)
        {
            var outcome = await SendAsync([$"the token is {secret[..at]}", $"{secret[at..]} and it fails"]);

            Assert.Equal(("partly-left", (long)at), (outcome.Result, outcome.BytesOut));
        }
    }

    [Fact]
    public async Task A_secret_split_at_every_two_positions_over_three_messages_does_not_leave_whole()
    {
        var secret = SomeSecret.GitHubToken(seed: 7);
        for (var first = 1; first < secret.Length - 1; first++)
        {
            for (var second = first + 1; second < secret.Length; second++)
            {
                var outcome = await SendAsync([secret[..first], secret[first..second], secret[second..]]);

                Assert.Equal(("partly-left", (long)second), (outcome.Result, outcome.BytesOut));
            }
        }
    }

    [Theory]
    [InlineData("""{"type":"response.create","input":"@"}""", """{"type":"response.create","input":[{"role":"user","content":[{"type":"input_text","text":"@"}]}]}""")]
    [InlineData("""{"type":"response.create","input":[{"role":"user","content":"@"},{"type":"item_reference","id":""}]}""", """{"type":"response.create","input":[{"type":"function_call_output","call_id":"c","output":"@"}]}""")]
    [InlineData("""{"type":"response.create","input":"hello","user":"@"}""", """{"type":"response.create","input":"hello","user":"@"}""")]
    [InlineData("""{"type":"note","a":{"b":["@"]}}""", """{"type":"note","a":{"b":["@"]}}""")]
    public async Task It_does_not_matter_at_which_place_the_pieces_stand(string first, string second)
    {
        var secret = SomeSecret.GitHubToken(seed: 3);

        var outcome = await SendMessagesAsync([first.Replace("@", secret[..20], StringComparison.Ordinal), second.Replace("@", secret[20..], StringComparison.Ordinal)], secret);

        Assert.Equal(("partly-left", 20L), (outcome.Result, outcome.BytesOut));
    }

    [Fact]
    public async Task Pieces_with_other_messages_in_between_at_another_place_are_still_seen()
    {
        var secret = SomeSecret.GitHubToken(seed: 4);
        const string Other = """{"type":"note","text":"something else"}""";

        var outcome = await SendMessagesAsync([StreamFakes.Create(secret[..30]), Other, Other, StreamFakes.Create(secret[30..])], secret);

        Assert.Equal(("partly-left", 30L), (outcome.Result, outcome.BytesOut));
    }

    [Fact]
    public async Task The_record_of_the_last_piece_names_the_rule_and_the_stream_and_holds_no_text()
    {
        var secret = SomeSecret.GitHubToken(seed: 5);
        var fakes = new ExchangeFakes { Inspector = Real };
        await using var stream = new StreamFakes(fakes);

        stream.Client.Sends(StreamFakes.Create(secret[..25]));
        await stream.Provider.NextAsync();
        stream.Client.Sends(StreamFakes.Create(secret[25..]));
        var error = await stream.Client.NextJsonAsync();
        await stream.EndAsync();

        var decision = stream.Decisions.Last();
        Assert.Equal("block", decision.Action);
        Assert.Contains(decision.Findings, f => f.Place == "stream" && f.Detector == "secrets");
        Assert.Contains(decision.Reasons, r => r.Place == "stream");
        Assert.Equal("value_split_over_messages", error.GetProperty("code").GetString());
        Assert.Contains("25 bytes", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(1008, stream.Client.Closed?.Code);
        Assert.DoesNotContain(secret[25..], error.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_value_that_begins_farther_back_than_the_window_is_not_looked_for()
    {
        var fakes = new ExchangeFakes { Inspector = new WordInspector("forbidden") };
        await using var stream = new StreamFakes(fakes, 4 * 1024 * 1024);

        stream.Client.Sends(StreamFakes.Create("forbi"));
        stream.Client.SendsPieces([.. Chunks(StreamFakes.Create(new string('x', StreamWindow.Length)))]);
        stream.Client.Sends(StreamFakes.Create("dden"));

        for (var i = 0; i < 3; i++)
        {
            await stream.Provider.NextAsync();
        }

        Assert.All(stream.Decisions, d => Assert.Equal("allow", d.Action));
    }

    [Fact]
    public async Task A_value_at_the_very_end_of_a_long_message_is_completed_by_the_next()
    {
        var fakes = new ExchangeFakes { Inspector = new WordInspector("forbidden") };
        await using var stream = new StreamFakes(fakes, 4 * 1024 * 1024);

        stream.Client.SendsPieces([.. Chunks(StreamFakes.Create(new string('x', 3 * StreamWindow.Length) + "forbi"))]);
        await stream.Provider.NextAsync();
        stream.Client.Sends(StreamFakes.Create("dden" + new string('y', 10_000)));
        await stream.EndAsync();

        Assert.Equal(5, Assert.Single(stream.Outcomes, o => o.Result == "partly-left").BytesOut);
        Assert.Single(stream.Provider.Texts);
    }

    [Fact]
    public async Task Two_whole_harmless_messages_that_meet_close_nothing()
    {
        var fakes = new ExchangeFakes { Inspector = Real };
        await using var stream = new StreamFakes(fakes);
        string[] harmless = ["My build number is 4539", "1488 tests passed, 0343 were skipped, 6467 remain.", "1795354367797", "1795354368888", "see commit 0c00702e5892a631da0615886dedde2aa6f266dc", "0c00702e5892a631da0615886dedde2aa6f266dd"];

        foreach (var text in harmless)
        {
            stream.Client.Sends(StreamFakes.Create(text));
            Assert.Contains(text, (await stream.Provider.NextAsync()).Text, StringComparison.Ordinal);
        }

        Assert.Null(stream.Client.Closed);
    }

    [Fact]
    public async Task A_refused_message_leaves_nothing_in_the_window()
    {
        var fakes = new ExchangeFakes { Inspector = new WordInspector("forbidden") };
        fakes.Executor.Status = new(false, "none");
        await using var stream = new StreamFakes(fakes);

        stream.Client.Sends(StreamFakes.Create("forbidden forbi"));
        Assert.Equal("blocked_by_policy", (await stream.Client.NextJsonAsync()).GetProperty("code").GetString());
        stream.Client.Sends(StreamFakes.Create("dden"));

        Assert.Contains("dden", (await stream.Provider.NextAsync()).Text, StringComparison.Ordinal);
    }

    private static Task<OutcomeRecord> SendAsync(string[] pieces) => SendMessagesAsync([.. pieces.Select(StreamFakes.Create)], string.Concat(pieces));

    /// <summary>Sends messages of which all but the last must leave; gives how the last ended.</summary>
    private static async Task<OutcomeRecord> SendMessagesAsync(string[] messages, string whole)
    {
        await using var stream = new StreamFakes(new ExchangeFakes { Inspector = Real });
        foreach (var message in messages[..^1])
        {
            stream.Client.Sends(message);
            await stream.Provider.NextAsync();
        }

        stream.Client.Sends(messages[^1]);
        Assert.Equal("error", (await stream.Client.NextJsonAsync()).GetProperty("type").GetString());
        await stream.EndAsync();

        Assert.Equal(messages[..^1], stream.Provider.Texts);
        Assert.DoesNotContain(stream.Provider.Texts, t => t.Contains(whole, StringComparison.Ordinal));
        Assert.Equal(1008, stream.Client.Closed?.Code);
        return stream.Outcomes.Single(o => o.Exchange == stream.Decisions.Last().Exchange);
    }

    private static IEnumerable<string> Chunks(string text) => text.Chunk(10_000).Select(c => new string(c));
}
