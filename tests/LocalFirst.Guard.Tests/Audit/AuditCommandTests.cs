using System.Text.Json;
using LocalFirst.Guard.CommandLine;
using Xunit;

namespace LocalFirst.Guard.Tests.Audit;

/// <summary>The commands write to the process's console, so they run one after another.</summary>
[CollectionDefinition(nameof(AuditCommandTests), DisableParallelization = true)]
[Collection(nameof(AuditCommandTests))]
public sealed class AuditCommandTests
{
    [Fact]
    public async Task Verify_exits_0_and_says_intact()
    {
        using var temp = new TempLog();
        await temp.WriteExchangesAsync(2);
        var (exit, output) = await RunAsync("audit", "verify", "--home", temp.Home);
        Assert.Equal(0, exit);
        Assert.Contains("Intact: 4 records", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_exits_1_and_names_the_failure_and_its_place()
    {
        using var temp = new TempLog();
        await temp.WriteExchangesAsync(2);
        temp.Tamper("DELETE FROM leaves WHERE leaf_index = 1");
        var (exit, output) = await RunAsync("audit", "verify", "--home", temp.Home);
        Assert.Equal(1, exit);
        Assert.Contains("ENTRY_MISSING  epoch 1, leaf 1", output, StringComparison.Ordinal);

        (exit, output) = await RunAsync("audit", "verify", "--format", "json", "--home", temp.Home);
        Assert.Equal(1, exit);
        using var json = JsonDocument.Parse(output);
        Assert.False(json.RootElement.GetProperty("intact").GetBoolean());
        Assert.Equal("ENTRY_MISSING", json.RootElement.GetProperty("failures")[0].GetProperty("class").GetString());
        Assert.Equal(1, json.RootElement.GetProperty("failures")[0].GetProperty("leaf_index").GetInt64());
    }

    [Fact]
    public async Task Verify_exits_2_when_there_is_nothing_to_read()
    {
        using var temp = new TempLog();
        Assert.Equal(2, (await RunAsync("audit", "verify", "--home", temp.Home)).Exit);
        Assert.Equal(2, (await RunAsync("audit", "verify", "--format", "xml", "--home", temp.Home)).Exit);
    }

    [Fact]
    public async Task Tail_prints_the_last_records_as_lines_and_as_json()
    {
        using var temp = new TempLog();
        await temp.WriteExchangesAsync(3);
        var (exit, output) = await RunAsync("audit", "tail", "-n", "2", "--home", temp.Home);
        Assert.Equal(0, exit);
        var lines = output.TrimEnd().Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.Contains("X0002  local   claude-code → api.anthropic.com/v1/messages (claude-sonnet-4-5)  1 finding  secrets-stay", lines[0], StringComparison.Ordinal);
        Assert.Contains("X0002  answered-locally  200", lines[1], StringComparison.Ordinal);

        (_, output) = await RunAsync("audit", "tail", "-n", "1", "--format", "json", "--home", temp.Home);
        using var json = JsonDocument.Parse(output);
        Assert.Equal((5, "outcome"), (json.RootElement.GetProperty("sequence").GetInt64(), json.RootElement.GetProperty("record").GetProperty("type").GetString()));
        Assert.Equal(2, (await RunAsync("audit", "tail", "-n", "-3", "--home", temp.Home)).Exit);
    }

    [Fact]
    public async Task What_records_hold_cannot_steer_the_terminal_or_the_markup()
    {
        using var temp = new TempLog();
        const string Hostile = "[red]x[/]\u001b[2J\u009b31m\u202eevil\r\nnext";
        await using (var log = await temp.OpenAsync())
        {
            await log.AppendAsync(Some.Decision("A") with { Client = Hostile, Model = Hostile, Reasons = [Some.Reason(Hostile)] }, TestContext.Current.CancellationToken);
        }

        foreach (var args in new[] { new[] { "audit", "tail" }, ["audit", "show", "A"], ["audit", "tail", "--format", "json"], ["audit", "show", "A", "--format", "json"] })
        {
            var (exit, output) = await RunAsync([.. args, "--home", temp.Home]);
            Assert.Equal(0, exit);
            Assert.Contains("[red]x[/]", output, StringComparison.Ordinal);
            Assert.DoesNotContain(output, c => (char.IsControl(c) && c != '\n') || c == '\u202e');
        }
    }

    [Fact]
    public async Task Show_prints_decision_and_outcome_and_says_when_there_is_none()
    {
        using var temp = new TempLog();
        await temp.WriteExchangesAsync(1);
        var (exit, output) = await RunAsync("audit", "show", "X0000", "--home", temp.Home);
        Assert.Equal(0, exit);
        Assert.Contains("aws-key (secrets/aws-access-key-id", output, StringComparison.Ordinal);
        Assert.Contains("answered-locally", output, StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync("audit", "show", "nothing", "--home", temp.Home)).Exit);
    }

    private static async Task<(int Exit, string Output)> RunAsync(params string[] args)
    {
        var (before, beforeError) = (Console.Out, Console.Error);
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter();
        Console.SetOut(output);
        Console.SetError(error);
        try
        {
            var exit = await GuardCommandLine.RunAsync(args);
            Assert.Equal(exit == 2, error.ToString().StartsWith("guard: ", StringComparison.Ordinal));
            return (exit, output.ToString());
        }
        finally
        {
            Console.SetOut(before);
            Console.SetError(beforeError);
        }
    }
}
