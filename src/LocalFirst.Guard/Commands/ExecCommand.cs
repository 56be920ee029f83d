using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using LocalFirst.Guard.CommandLine;
using LocalFirst.Guard.MachineSetup.Processes;
using LocalFirst.Guard.MachineSetup.Runtimes;

namespace LocalFirst.Guard.Commands;

/// <summary>
/// <c>guard exec -- CMD …</c>: one command behind the broker, with the proxy and CA variables of every runtime; nothing is installed. It
/// uses the broker that runs in this home, else one of its own for as long as the command runs.
/// </summary>
internal static class ExecCommand
{
    /// <summary>What a shell returns for a command that it does not find (POSIX.1-2017, 2.8.2).</summary>
    private const int NotFound = 127;

    public static Command Create()
    {
        var line = new Argument<string[]>("CMD") { Description = "The command and its arguments.", Arity = ArgumentArity.OneOrMore };
        var command = GuardCommandLine.Describe("exec", "Run one command behind the broker; nothing is installed.", "guard exec -- claude -p \"Explain this repository\"");
        command.Arguments.Add(line);
        command.SetAction((parse, cancellation) => RunAsync(CommonOptions.HomeOf(parse), parse.GetValue(CommonOptions.Config), parse.GetValue(line)!, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(GuardHome home, string? config, string[] line, CancellationToken cancellation)
    {
        if (ProgramPath.Find(line[0]) is not { } program)
        {
            await Console.Error.WriteLineAsync($"guard: {line[0]} was not found.\n  → Name a program on PATH, or its path.");
            return NotFound;
        }

        if (RunningBroker.Read(home.Run) is { } running && await running.AnswersAsync(cancellation))
        {
            return await RunBehindAsync(running.Proxy, home, program, line[1..]);
        }

        home.EnsureExists();
        await using var own = await PrivateBroker.StartAsync(home, config, cancellation);
        return await RunBehindAsync(own.Proxy, home, program, line[1..]);
    }

    private static async Task<int> RunBehindAsync(Uri proxy, GuardHome home, string program, string[] args)
    {
        var start = new ProcessStartInfo(program, args);
        foreach (var variable in RuntimeVariables.For(proxy, Path.Combine(home.CertificateAuthority, "root.pem"), Path.Combine(home.CertificateAuthority, "bundle.pem")))
        {
            start.Environment[variable.Name] = variable.Value;
        }

        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new GuardException($"{program} does not start ({e.Message}).", "Check that it is a program for this system.");
        }

        using (process)
        using (Forward(process, PosixSignal.SIGTERM, UnixSignal.Terminate))
        using (Forward(process, PosixSignal.SIGINT, UnixSignal.Interrupt))
        {
            await process.WaitForExitAsync();
            return process.ExitCode;
        }
    }

    /// <summary>The command decides what a signal means; guard ends when it does.</summary>
    private static PosixSignalRegistration Forward(Process process, PosixSignal signal, int number) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        // A terminal sends Ctrl-C to the whole foreground group: the command has it already, and a second one often means "at once".
        if (signal == PosixSignal.SIGINT && !Console.IsInputRedirected)
        {
            return;
        }

        try
        {
            if (!process.HasExited)
            {
                UnixSignal.Send(process.Id, number);
            }
        }
        catch (InvalidOperationException)
        {
            // It has just ended.
        }
    });
}
