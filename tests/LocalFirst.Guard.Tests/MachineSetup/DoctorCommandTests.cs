using System.Text.Json;
using LocalFirst.Guard.Commands;
using LocalFirst.Guard.MachineSetup.Doctor;
using Xunit;

namespace LocalFirst.Guard.Tests.MachineSetup;

public sealed class DoctorCommandTests
{
    [Fact]
    public async Task Exit_is_0_while_nothing_fails_and_1_when_something_does()
    {
        Assert.Equal(0, await RunAsync(CheckResult.Ok("a"), CheckResult.Warn("b", "mend it")));
        Assert.Equal(1, await RunAsync(CheckResult.Ok("a"), CheckResult.Fail("b", "mend it")));
    }

    [Fact]
    public async Task Markup_in_a_finding_is_shown_as_text() =>
        Assert.Equal(0, await DoctorCommand.RunAsync([new Fixed(CheckResult.Warn("a [red]file[/", "[mend"))], json: false, TestContext.Current.CancellationToken));

    [Fact]
    public void What_the_command_prints_as_json_is_stable()
    {
        var text = DoctorCommand.ToJson([("disk-space", CheckResult.Warn("little", "more")), ("model", CheckResult.Ok("fine"))]);

        using var json = JsonDocument.Parse(text);
        Assert.Equal(1, json.RootElement.GetProperty("version").GetInt32());
        var checks = json.RootElement.GetProperty("checks");
        Assert.Equal("disk-space", checks[0].GetProperty("name").GetString());
        Assert.Equal("warn", checks[0].GetProperty("status").GetString());
        Assert.Equal("little", checks[0].GetProperty("finding").GetString());
        Assert.Equal("more", checks[0].GetProperty("mend").GetString());
        Assert.Equal("ok", checks[1].GetProperty("status").GetString());
        Assert.Equal(JsonValueKind.Null, checks[1].GetProperty("mend").ValueKind);
    }

    private static Task<int> RunAsync(params CheckResult[] results) =>
        DoctorCommand.RunAsync(results.Select(r => new Fixed(r)), json: true, TestContext.Current.CancellationToken);

    private sealed class Fixed(CheckResult result) : IDoctorCheck
    {
        public string Name => "fixed";

        public Task<CheckResult> RunAsync(CancellationToken cancellation) => Task.FromResult(result);
    }
}
