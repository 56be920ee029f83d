using System.Text;
using LocalFirst.Guard.EndToEnd.Broker;
using LocalFirst.Guard.EndToEnd.Provider;
using LocalFirst.Guard.EndToEnd.Samples;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Lifecycle;

/// <summary>kill −9 at a bad moment: what reached the provider was recorded before.</summary>
public sealed class KillTests
{
    private const int Exchanges = 50;
    private const int ReachedBeforeTheKill = 20;

    private static int Rounds => Environment.GetEnvironmentVariable("GUARD_TESTS") == "long" ? 1_000 : 2;

    [Fact]
    public async Task A_broker_killed_in_the_middle_of_50_exchanges_has_recorded_every_request_that_left()
    {
        using var home = new TestFolder();
        for (var round = 0; round < Rounds; round++)
        {
            await using var provider = await FakeProvider.StartAsync();
            await GuardProcess.ConfigureAsync(home.Path, provider);
            await KillInTheMiddleAsync(home.Path, provider, round);
        }

        // It starts again on what the kill left behind, and goes on in the same log.
        await using var last = await FakeProvider.StartAsync();
        await GuardProcess.ConfigureAsync(home.Path, last);
        await using var guard = await GuardProcess.StartAsync(home.Path);
        Assert.Equal(200, (await PostAsync(guard, Body(Exchanges))).Status);
        await AuditTail.AssertWholeAsync(home.Path);
    }

    private static async Task KillInTheMiddleAsync(string home, FakeProvider provider, int round)
    {
        var arrived = 0;
        var enough = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var hold = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        provider.Answer = async (context, request) =>
        {
            var number = Interlocked.Increment(ref arrived);
            if (number >= ReachedBeforeTheKill)
            {
                enough.TrySetResult();
            }

            // Every other exchange is over when the broker dies, the rest is under way.
            if (number % 2 == 0)
            {
                await hold.Task.WaitAsync(context.RequestAborted);
            }

            await ProviderAnswers.AnswerAsync(context, request, null);
        };

        var before = File.Exists(Path.Combine(home, "audit.db")) ? (await AuditTail.ReadAsync(home)).Count(IsAllowed) : 0;
        await using (var guard = await GuardProcess.StartAsync(home))
        {
            var exchanges = Enumerable.Range(0, Exchanges).Select(at => TryPostAsync(guard, Body(at))).ToList();
            await enough.Task.Within($"the arrival of {ReachedBeforeTheKill} requests at the provider");
            await guard.KillAsync();
            await Task.WhenAll(exchanges).Within("the end of the clients' connections");
        }

        hold.TrySetResult();
        var verify = await GuardCli.RunAsync(home, ["audit", "verify", "--home", home]);
        Assert.True(verify.ExitCode == 0, verify.Everything);
        // Each body of a round has a length of its own, which its decision record tells.
        var recorded = (await AuditTail.ReadAsync(home)).Where(IsAllowed).Skip(before).Select(BodyBytes).ToHashSet();
        Assert.True(provider.Requests.Count >= ReachedBeforeTheKill, $"round {round}");
        var whole = provider.Requests.Where(r => recorded.Contains(r.Body.Length)).ToList();
        var cut = provider.Requests.Except(whole).ToList();

        // The kill may come between a request's headers and its body: what then arrived has no length to tell it by, but there is a record for each.
        Assert.All(cut, r => Assert.True(r.Body.Length == 0, $"A request of {r.Body.Length} bytes reached the provider without a decision record (round {round})."));
        Assert.True(whole.Count + cut.Count <= recorded.Count, $"{whole.Count + cut.Count} requests reached the provider, {recorded.Count} have a decision record (round {round}).");
    }

    private static bool IsAllowed(TailedRecord record) => record.Type == "decision" && record.Text("action") == "allow";

    private static long BodyBytes(TailedRecord record) =>
        (record.Record.TryGetProperty("bodyBytes", out var value) || record.Record.TryGetProperty("body_bytes", out value) ? value : throw new KeyNotFoundException($"No body size in {record.Record.GetRawText()}")).GetInt64();

    private static byte[] Body(int number) => Encoding.UTF8.GetBytes(
        $$"""{"model":"gpt-5","messages":[{"role":"user","content":"{{Some.CleanPrompt()}} {{new string('x', number)}}"}]}""");

    private static async Task TryPostAsync(GuardProcess guard, byte[] body)
    {
        try
        {
            await PostAsync(guard, body);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or FormatException or IndexOutOfRangeException)
        {
            // The broker died under it: that is the test.
        }
    }

    private static async Task<RawResponse> PostAsync(GuardProcess guard, byte[] body)
    {
        await using var connection = await RawConnection.OpenAsync(guard.Proxy);
        return await connection.RequestAsync("POST", "/openai/v1/chat/completions", guard.Proxy.Authority, ["Content-Type: application/json"], body);
    }
}
