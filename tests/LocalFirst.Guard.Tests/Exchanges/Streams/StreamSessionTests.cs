using System.Text;
using System.Text.Json;
using LocalFirst.Guard.LocalModels;
using LocalFirst.Guard.Protocols;
using Xunit;

namespace LocalFirst.Guard.Tests.Exchanges.Streams;

public sealed class StreamSessionTests
{
    private readonly ExchangeFakes _fakes = new();

    [Fact]
    public async Task A_clean_message_is_recorded_then_sent_as_it_came_and_its_answer_comes_back_piece_by_piece()
    {
        await using var stream = new StreamFakes(_fakes);
        var message = StreamFakes.Create("hello") + " \n";

        stream.Client.SendsPieces(message[..7], message[7..20], message[20..]);
        Assert.Equal((message, false), await stream.Provider.NextAsync());
        Assert.Equal(["decision", "sent"], _fakes.Journal);

        string[] events = ["""{"type":"response.created","response":{"id":"resp_1"}}""", """{"type":"response.completed","response":{"id":"resp_1"}}"""];
        foreach (var text in events)
        {
            stream.Provider.SendsPieces(text[..10], text[10..]);
            Assert.Equal(text, await stream.Client.NextAsync());
        }

        await stream.CloseAsync();
        var decision = Assert.Single(stream.Decisions);
        Assert.Equal(("MESSAGE", "/v1/responses", ApiForm.OpenAiResponses, "complete", true), (decision.Method, decision.Endpoint, decision.Api, decision.State, decision.Stream));
        Assert.Equal(message.Length, decision.BodyBytes);
        var outcome = Assert.Single(stream.Outcomes);
        Assert.Equal(("forwarded", (long)message.Length, (long)events.Sum(e => e.Length)), (outcome.Result, outcome.BytesOut, outcome.BytesIn));
    }

    [Fact]
    public async Task A_flagged_message_is_answered_as_events_one_a_message_and_the_stream_goes_on()
    {
        await using var stream = new StreamFakes(_fakes);

        stream.Client.Sends(StreamFakes.Create("this is forbidden"));
        var types = new List<string>();
        do
        {
            types.Add((await stream.Client.NextJsonAsync()).GetProperty("type").GetString()!);
        }
        while (types[^1] != "response.completed");

        Assert.Equal("response.created", types[0]);
        Assert.Equal(3, types.Count(t => t == "response.output_text.delta"));
        stream.Client.Sends(StreamFakes.Create("hello"));
        Assert.Contains("hello", (await stream.Provider.NextAsync()).Text, StringComparison.Ordinal);
        Assert.Single(stream.Provider.Texts);
    }

    [Fact]
    public async Task Without_a_model_a_flagged_message_gets_an_error_that_names_rule_and_mend_and_the_stream_goes_on()
    {
        _fakes.Executor.Status = new ExecutorStatus(false, "No local model is chosen; run guard model use NAME.");
        await using var stream = new StreamFakes(_fakes);

        stream.Client.Sends(StreamFakes.Create("this is forbidden"));
        var error = await stream.Client.NextJsonAsync();

        Assert.Equal("error", error.GetProperty("type").GetString());
        Assert.Equal(400, error.GetProperty("status").GetInt32());
        Assert.Equal("blocked_by_policy", error.GetProperty("code").GetString());
        Assert.Equal("blocked_by_policy", error.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(error.GetProperty("message").GetString(), error.GetProperty("error").GetProperty("message").GetString());
        Assert.Contains("guard model use", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains("[rule ", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        stream.Client.Sends(StreamFakes.Create("hello"));
        await stream.Provider.NextAsync();
        Assert.Single(stream.Provider.Texts);
    }

    [Fact]
    public async Task A_flagged_warm_up_is_answered_without_output_and_without_a_model()
    {
        _fakes.Executor.Status = new ExecutorStatus(false, "none");
        await using var stream = new StreamFakes(_fakes);

        stream.Client.Sends(JsonSerializer.Serialize(new { type = "response.create", model = "gpt-5", generate = false, input = "this is forbidden" }));
        var created = await stream.Client.NextJsonAsync();
        var completed = await stream.Client.NextJsonAsync();

        Assert.Equal("response.created", created.GetProperty("type").GetString());
        Assert.Equal("response.completed", completed.GetProperty("type").GetString());
        Assert.Equal(0, completed.GetProperty("response").GetProperty("output").GetArrayLength());
        Assert.Empty(stream.Provider.Texts);
    }

    [Fact]
    public async Task A_delta_on_an_answer_that_this_stream_saw_is_known_and_sent()
    {
        await using var stream = new StreamFakes(_fakes);
        stream.Client.Sends(StreamFakes.Create("hello"));
        await stream.Provider.NextAsync();
        stream.Provider.Sends("""{"type":"response.created","response":{"id":"resp_known"}}""");
        await stream.Client.NextAsync();

        stream.Client.Sends(StreamFakes.Delta("go on", "resp_known"));

        Assert.Contains("go on", (await stream.Provider.NextAsync()).Text, StringComparison.Ordinal);
        Assert.All(stream.Decisions, d => Assert.Equal("complete", d.State));
    }

    [Fact]
    public async Task A_delta_on_an_answer_of_somewhere_else_is_not_sent_and_its_error_makes_clients_send_the_whole_conversation()
    {
        await using var stream = new StreamFakes(_fakes);

        stream.Client.Sends(StreamFakes.Delta("go on", "resp_other"));
        var error = await stream.Client.NextJsonAsync();

        Assert.Equal(ResponsesSocket.PreviousResponseNotFound, error.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(400, error.GetProperty("status").GetInt32());
        Assert.Equal("uninspectable", Assert.Single(stream.Decisions).State);
        Assert.Empty(stream.Provider.Texts);
    }

    [Fact]
    public async Task An_answer_of_the_local_model_is_none_that_the_provider_knows()
    {
        await using var stream = new StreamFakes(_fakes);
        stream.Client.Sends(StreamFakes.Create("this is forbidden"));
        var id = "";
        for (var type = ""; type != "response.completed";)
        {
            var message = await stream.Client.NextJsonAsync();
            type = message.GetProperty("type").GetString();
            id = message.TryGetProperty("response", out var response) ? response.GetProperty("id").GetString()! : id;
        }

        stream.Client.Sends(StreamFakes.Delta("go on", id));

        Assert.Equal(ResponsesSocket.PreviousResponseNotFound, (await stream.Client.NextJsonAsync()).GetProperty("code").GetString());
        Assert.Empty(stream.Provider.Texts);
    }

    [Fact]
    public async Task A_binary_message_leaves_as_binary_when_it_is_json_and_not_at_all_otherwise()
    {
        await using var stream = new StreamFakes(_fakes);

        stream.Client.Sends([0x0a, 0x01, 0xff], isBinary: true);
        Assert.Equal("error", (await stream.Client.NextJsonAsync()).GetProperty("type").GetString());
        stream.Client.Sends(Encoding.UTF8.GetBytes(StreamFakes.Create("hello")), isBinary: true);

        Assert.True((await stream.Provider.NextAsync()).IsBinary);
        Assert.Equal(["undecodable", "complete"], stream.Decisions.Select(d => d.State));
        Assert.Single(stream.Provider.Texts);
    }

    [Fact]
    public async Task Another_json_message_is_walked_without_a_schema_and_is_partial()
    {
        await using var stream = new StreamFakes(_fakes);

        stream.Client.Sends("""{"type":"response.cancel","note":"this is forbidden"}""");
        Assert.Equal("error", (await stream.Client.NextJsonAsync()).GetProperty("type").GetString());
        stream.Client.Sends("""{"type":"response.cancel"}""");
        await stream.Provider.NextAsync();
        await stream.CloseAsync();

        Assert.All(stream.Decisions, d => Assert.Equal(("partial", ApiForm.GenericJson, "/v1/responses"), (d.State, d.Api, d.Endpoint)));
        Assert.Equal(["refused", "forwarded"], stream.Outcomes.Select(o => o.Result));
    }

    [Fact]
    public async Task Nothing_is_sent_when_the_log_cannot_be_written()
    {
        _fakes.Log.Broken = true;
        await using var stream = new StreamFakes(_fakes);

        stream.Client.Sends(StreamFakes.Create("hello"));

        Assert.Equal(503, (await stream.Client.NextJsonAsync()).GetProperty("status").GetInt32());
        Assert.Empty(stream.Provider.Texts);
    }

    [Fact]
    public async Task A_message_over_the_cap_closes_with_1009_and_is_recorded()
    {
        await using var stream = new StreamFakes(_fakes, maxMessage: 20_000);

        stream.Client.SendsPieces(new string('x', 15_000), new string('x', 15_000));
        var error = await stream.Client.NextJsonAsync();
        await stream.EndAsync();

        Assert.Equal(413, error.GetProperty("status").GetInt32());
        Assert.Equal(1009, stream.Client.Closed?.Code);
        Assert.Equal(1001, stream.Provider.Closed?.Code);
        Assert.Equal("block", Assert.Single(stream.Decisions).Action);
        Assert.Empty(stream.Provider.Texts);
    }

    [Fact]
    public async Task The_client_s_close_reaches_the_provider_with_its_code_and_without_its_text()
    {
        await using var stream = new StreamFakes(_fakes);
        stream.Client.Sends(StreamFakes.Create("hello"));

        stream.Client.Closes(4001, "a text that nobody inspected");
        var ending = await stream.EndAsync();

        Assert.Equal(4001, stream.Provider.Closed?.Code);
        Assert.Equal("", stream.Provider.Closed?.Reason);
        Assert.Equal(4001, stream.Client.Closed?.Code);
        Assert.Single(stream.Provider.Texts);
        Assert.False(ending.ClientGone || ending.ProviderGone);
        Assert.Equal("cancelled", Assert.Single(stream.Outcomes).Result);
    }

    [Fact]
    public async Task The_provider_s_close_reaches_the_client_with_code_and_reason()
    {
        await using var stream = new StreamFakes(_fakes);

        stream.Provider.Closes(4009, "connection limit reached");
        await stream.EndAsync();

        Assert.Equal((4009, "connection limit reached"), (stream.Client.Closed?.Code, stream.Client.Closed?.Reason));
    }

    [Fact]
    public async Task A_client_that_vanishes_cuts_the_provider_in_the_middle_of_an_answer()
    {
        await using var stream = new StreamFakes(_fakes);
        stream.Client.Sends(StreamFakes.Create("hello"));
        await stream.Provider.NextAsync();

        stream.Client.Vanishes();
        var ending = await stream.EndAsync();

        Assert.True(ending.ClientGone);
        Assert.True(stream.Provider.Aborted.IsCompleted);
        Assert.Null(stream.Provider.Closed);
        Assert.Equal("cancelled", Assert.Single(stream.Outcomes).Result);
    }

    [Fact]
    public async Task A_provider_that_vanishes_cuts_the_client_and_the_answer_is_recorded_as_failed()
    {
        await using var stream = new StreamFakes(_fakes);
        stream.Client.Sends(StreamFakes.Create("hello"));
        await stream.Provider.NextAsync();
        stream.Provider.Sends("""{"type":"response.output_text.delta","delta":"x"}""");
        await stream.Client.NextAsync();

        stream.Provider.Vanishes();
        var ending = await stream.EndAsync();

        Assert.True(ending.ProviderGone);
        Assert.True(stream.Client.Aborted.IsCompleted);
        Assert.Null(stream.Client.Closed);
        Assert.Equal("failed", Assert.Single(stream.Outcomes).Result);
    }

    [Fact]
    public async Task A_broker_that_stops_closes_an_idle_stream_with_1001_and_waits_for_a_running_answer()
    {
        await using var stream = new StreamFakes(_fakes);
        stream.Client.Sends(StreamFakes.Create("hello"));
        await stream.Provider.NextAsync();

        stream.Stop();
        Assert.Null(stream.Client.Closed);
        stream.Provider.Sends("""{"type":"response.completed","response":{"id":"resp_1"}}""");
        await stream.EndAsync();

        Assert.Equal(1001, stream.Client.Closed?.Code);
        Assert.Equal(1001, stream.Provider.Closed?.Code);
        Assert.Equal("forwarded", Assert.Single(stream.Outcomes).Result);
    }

    [Fact]
    public async Task A_thousand_messages_keep_their_order_and_each_has_its_decision_before_it()
    {
        await using var stream = new StreamFakes(_fakes);
        for (var i = 0; i < 1000; i++)
        {
            stream.Client.Sends($$"""{"type":"note","n":{{i}}}""");
        }

        for (var i = 0; i < 1000; i++)
        {
            Assert.Equal($$"""{"type":"note","n":{{i}}}""", (await stream.Provider.NextAsync()).Text);
        }

        var sent = 0;
        var decided = 0;
        foreach (var entry in _fakes.Journal.ToArray())
        {
            decided += entry == "decision" ? 1 : 0;
            sent += entry == "sent" ? 1 : 0;
            Assert.True(sent <= decided);
        }
    }

    [Fact]
    public async Task A_provider_that_takes_nothing_holds_the_client_back()
    {
        await using var stream = new StreamFakes(_fakes);
        var hold = new TaskCompletionSource();
        stream.Provider.Holds = hold.Task;
        for (var i = 0; i < 50; i++)
        {
            stream.Client.Sends($$"""{"type":"note","n":{{i}}}""");
        }

        await TestContext.Current.CancellationToken.WaitUntilAsync(() => stream.Provider.Texts.Count > 0);

        // One is being sent, one waits, one is being handed on: the rest is still the client's.
        Assert.Single(stream.Decisions);
        hold.SetResult();
        for (var i = 0; i < 50; i++)
        {
            await stream.Provider.NextAsync();
        }
    }
}
