using System.Diagnostics;
using LocalFirst.Guard.EndToEnd.Broker;
using LocalFirst.Guard.EndToEnd.Clients;
using LocalFirst.Guard.EndToEnd.Provider;
using LocalFirst.Guard.EndToEnd.Samples;
using LocalFirst.Guard.MachineSetup.Processes;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Lifecycle;

/// <summary><c>guard exec</c>: one command behind the broker, nothing installed.</summary>
public sealed class ExecTests : IAsyncLifetime
{
    private readonly TestFolder _home = new();
    private FakeProvider _provider = null!;

    public async ValueTask InitializeAsync()
    {
        _provider = await FakeProvider.StartAsync();
        await GuardProcess.ConfigureAsync(_home.Path, _provider);
    }

    public async ValueTask DisposeAsync()
    {
        await _provider.DisposeAsync();
        _home.Dispose();
    }

    [Fact]
    public async Task Without_a_running_broker_it_starts_one_of_its_own_and_stops_it()
    {
        var clients = await NodeClients.FolderAsync();
        var prompt = Some.CleanPrompt();

        var result = await GuardCli.RunAsync(_home.Path, ["exec", "--home", _home.Path, "--", "node", Path.Combine(clients, "openai-chat.mjs"), "--stream"], prompt);

        Assert.True(result.ExitCode == 0, result.Everything);
        Assert.Contains("\"event\":\"done\"", result.Out, StringComparison.Ordinal);
        Assert.Contains(_provider.Requests, r => r.BodyText.Contains(prompt, StringComparison.Ordinal));
        Assert.False(File.Exists(Path.Combine(_home.Path, "run", "broker.json")), "The private broker is still there.");
    }

    [Fact]
    public async Task It_uses_the_running_broker_of_its_home()
    {
        await using var guard = await GuardProcess.StartAsync(_home.Path);

        var result = await GuardCli.RunAsync(_home.Path, ["exec", "--home", _home.Path, "--", "sh", "-c", "echo $HTTPS_PROXY"]);

        Assert.True(result.ExitCode == 0, result.Everything);
        Assert.Equal(guard.Proxy, new Uri(result.Out.Trim()));
        Assert.True(guard.IsRunning);
    }

    [Theory]
    [InlineData("exit 0", 0)]
    [InlineData("exit 7", 7)]
    public async Task It_ends_with_the_exit_code_of_the_command(string script, int expected)
    {
        await using var guard = await GuardProcess.StartAsync(_home.Path);

        var result = await GuardCli.RunAsync(_home.Path, ["exec", "--home", _home.Path, "--", "sh", "-c", script]);

        Assert.Equal(expected, result.ExitCode);
    }

    [Fact]
    public async Task A_signal_reaches_the_command()
    {
        await using var guard = await GuardProcess.StartAsync(_home.Path);
        using var process = Process.Start(GuardCli.Command(_home.Path, ["exec", "--home", _home.Path, "--", "sh", "-c", "trap 'exit 9' TERM; echo started; while :; do sleep 1; done"]))!;
        try
        {
            Assert.Equal("started", await process.StandardOutput.ReadLineAsync(Bounded.Test).AsTask().Within("the start of the command"));

            UnixSignal.Send(process.Id, UnixSignal.Terminate);

            await process.WaitForExitAsync(Bounded.Test).Within("the end of guard exec");
            Assert.Equal(9, process.ExitCode);
        }
        finally
        {
            Processes.End(process);
        }
    }
}
