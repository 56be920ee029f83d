using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;

namespace LocalFirst.Guard.EndToEnd;

/// <summary>How a command ended.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Out">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal sealed record CommandResult(int ExitCode, string Out, string Error)
{
    public string Everything => $"exit {ExitCode}\n--- out\n{Out}\n--- error\n{Error}";
}

/// <summary>Starts processes, bounds them in time and ends those it started, by their id.</summary>
internal static class Processes
{
    /// <summary>Variables of the machine that would change which way a client takes or whom it trusts.</summary>
    private static readonly string[] Ambient =
    [
        "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy",
        "NODE_EXTRA_CA_CERTS", "NODE_OPTIONS", "NODE_USE_ENV_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE",
        "GUARD_HOME", "OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "ANTHROPIC_AUTH_TOKEN",
    ];

    /// <summary>The `dotnet` that runs these tests, so that a machine with several uses the right one.</summary>
    public static readonly string Dotnet = System.IO.Path.GetFullPath(System.IO.Path.Combine(
        System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(),
        "..", "..", "..",
        OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));

    public static ProcessStartInfo Command(string file, IEnumerable<string> args, IReadOnlyDictionary<string, string>? environment = null, string? folder = null)
    {
        var start = new ProcessStartInfo(file, args)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            WorkingDirectory = folder ?? System.IO.Path.GetTempPath(),
        };
        foreach (var name in Ambient)
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return start;
    }

    /// <summary>Runs to the end.</summary>
    public static async Task<CommandResult> RunAsync(ProcessStartInfo start, string stdin = "", TimeSpan? limit = null)
    {
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync();
            var error = process.StandardError.ReadToEndAsync();
            try
            {
                await process.StandardInput.WriteAsync(stdin);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It ended without reading its input; the exit code says why.
            }

            await process.WaitForExitAsync().Within($"the end of {System.IO.Path.GetFileName(start.FileName)} {string.Join(' ', start.ArgumentList.Take(6))}", limit ?? TimeSpan.FromSeconds(60));
            return new CommandResult(process.ExitCode, await output.Within("its output"), await error.Within("its error output"));
        }
        finally
        {
            End(process);
        }
    }

    public static void End(Process process)
    {
        try
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
        catch (InvalidOperationException)
        {
            // It has ended in between.
        }
    }

    /// <summary>Collects the lines of a stream of a running process.</summary>
    public static ConcurrentQueue<string> Collect(StreamReader reader)
    {
        var lines = new ConcurrentQueue<string>();
        _ = Task.Run(async () =>
        {
            while (await reader.ReadLineAsync() is { } line)
            {
                lines.Enqueue(line);
            }
        });
        return lines;
    }
}
