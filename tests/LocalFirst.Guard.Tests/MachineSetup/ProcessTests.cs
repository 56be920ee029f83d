using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using LocalFirst.Guard.MachineSetup.Processes;
using Xunit;

namespace LocalFirst.Guard.Tests.MachineSetup;

public sealed class ProcessTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("guard-processes-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_a_broker_writes_about_itself_is_read_back()
    {
        var broker = new RunningBroker(4711, new Uri("http://127.0.0.1:8899"), new Uri("http://127.0.0.1:8898"));

        broker.Write(_folder);

        Assert.Equal(broker, RunningBroker.Read(_folder));
    }

    [Theory]
    [InlineData("")]
    [InlineData("not json")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("{\"pid\":0,\"proxy\":\"http://127.0.0.1:1\",\"portal\":\"http://127.0.0.1:2\"}")]
    [InlineData("{\"pid\":1,\"proxy\":\"http://elsewhere.example:1\",\"portal\":\"http://127.0.0.1:2\"}")]
    [InlineData("{\"pid\":1,\"proxy\":\"relative\",\"portal\":\"http://127.0.0.1:2\"}")]
    public void A_file_that_tells_of_no_broker_on_this_machine_is_none(string text)
    {
        File.WriteAllText(Path.Combine(_folder, RunningBroker.FileName), text);

        Assert.Null(RunningBroker.Read(_folder));
    }

    [Fact]
    public void Without_a_file_there_is_no_broker() => Assert.Null(RunningBroker.Read(_folder));

    [Fact]
    public void A_broker_deletes_its_own_file_only()
    {
        var first = new RunningBroker(4711, new Uri("http://127.0.0.1:1"), new Uri("http://127.0.0.1:2"));
        var second = first with { Pid = 4712 };
        second.Write(_folder);

        first.Delete(_folder);
        Assert.NotNull(RunningBroker.Read(_folder));

        second.Delete(_folder);
        Assert.Null(RunningBroker.Read(_folder));
    }

    [Fact]
    public async Task A_broker_answers_while_its_process_lives_and_its_port_listens()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var proxy = new Uri($"http://{listener.LocalEndpoint}");
        var alive = new RunningBroker(Environment.ProcessId, proxy, proxy);

        Assert.True(await alive.AnswersAsync(TestContext.Current.CancellationToken));

        listener.Stop();
        Assert.False(await alive.AnswersAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_broker_whose_process_has_ended_does_not_answer()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var proxy = new Uri($"http://{listener.LocalEndpoint}");

        Assert.False(await new RunningBroker(await EndedProcessAsync(), proxy, proxy).AnswersAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_signal_reaches_a_process_and_no_process_that_has_ended()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no signals.");
            return;
        }

        using var process = Process.Start(new ProcessStartInfo("sh", ["-c", "trap 'exit 9' TERM; echo started; while :; do sleep 0.1; done"]) { RedirectStandardOutput = true })!;
        await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);

        Assert.True(UnixSignal.Send(process.Id, UnixSignal.Terminate));

        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(9, process.ExitCode);
        Assert.False(UnixSignal.Send(await EndedProcessAsync(), UnixSignal.Terminate));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void A_signal_never_goes_to_a_group(int id)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => UnixSignal.Send(id, UnixSignal.Terminate));
        Assert.Throws<ArgumentOutOfRangeException>(() => UnixSignal.Exists(id));
    }

    [Fact]
    public void A_program_is_found_on_PATH_and_never_in_the_current_folder()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("The files here are made as Unix programs.");
            return;
        }

        var program = Path.Combine(_folder, "some-tool");
        File.WriteAllText(program, "#!/bin/sh\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        File.WriteAllText(Path.Combine(_folder, "some-text"), "");

        Assert.Equal(program, ProgramPath.Find("some-tool", $"/no/such/folder:{_folder}", null));
        Assert.Equal(program, ProgramPath.Find(program, "", null));
        Assert.Null(ProgramPath.Find("some-text", _folder, null));
        Assert.Null(ProgramPath.Find("some-tool", ".:", null));
        Assert.Null(ProgramPath.Find("some-tool", null, null));
        Assert.Null(ProgramPath.Find("../no-such-tool", _folder, null));
    }

    /// <summary>The id of a process that is over; ids are handed out in a circle, so it stays free for long.</summary>
    private static async Task<int> EndedProcessAsync()
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", ["--list-runtimes"]) { RedirectStandardOutput = true })!;
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return process.Id;
    }
}
