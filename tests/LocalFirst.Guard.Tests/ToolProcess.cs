using System.Diagnostics;
using LocalFirst.Guard.MachineSetup.Processes;
using LocalFirst.Guard.Testing;
using Xunit;

namespace LocalFirst.Guard.Tests;

/// <summary>What a program of the machine ended with.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal sealed record ToolResult(int ExitCode, string Output, string Error)
{
    public string Everything => $"exit {ExitCode}\n{Output}\n{Error}";
}

/// <summary>Runs programs of the machine to their end, bounded in time, with an environment that leads no proxy or root of this machine into the test.</summary>
internal static class ToolProcess
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    public static string Require(string name)
    {
        var path = ProgramPath.Find(name);
        Tools.Require(path is not null, $"{name} is not installed");
        return path;
    }

    public static async Task<ToolResult> RunAsync(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string? input = null)
    {
        var start = new ProcessStartInfo(Require(program), arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in start.Environment.Keys.Where(n => n.Contains("proxy", StringComparison.OrdinalIgnoreCase) || n.Contains("CERT", StringComparison.Ordinal) || n.Contains("BUNDLE", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            if (input is not null)
            {
                await process.StandardInput.WriteAsync(input);
            }

            process.StandardInput.Close();
            await process.WaitForExitAsync(limit.Token);
            return new ToolResult(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
