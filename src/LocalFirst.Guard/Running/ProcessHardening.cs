using System.Collections;
using System.Runtime.InteropServices;
using System.Text;

namespace LocalFirst.Guard.Running;

/// <summary>
/// The broker's memory holds what must not leave. On Linux it forbids core dumps and other processes' looks into it, and it runs without the
/// runtime's diagnostic port, through which any process of the same user could ask for a dump.
/// </summary>
internal static partial class ProcessHardening
{
    private const string Diagnostics = "DOTNET_EnableDiagnostics";
    private const int SetDumpable = 4; // PR_SET_DUMPABLE, prctl(2)
    private const int CoreLimit = 4; // RLIMIT_CORE, getrlimit(2)

    /// <summary>
    /// Starts this program anew in place, same process id and arguments, with diagnostics off: the runtime takes that setting from the environment
    /// only, and only at its start. Does not return when it works.
    /// </summary>
    public static void LeaveDiagnosticsOff()
    {
        if (!OperatingSystem.IsLinux() || Environment.GetEnvironmentVariable(Diagnostics) == "0")
        {
            return;
        }

        try
        {
            var arguments = Encoding.UTF8.GetString(File.ReadAllBytes("/proc/self/cmdline"))[..^1].Split('\0'); // Each argument ends with a NUL.
            var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
                .Where(e => !Equals(e.Key, Diagnostics))
                .Select(e => $"{e.Key}={e.Value}");
            RemoveOwnPorts();
            _ = Execute("/proc/self/exe", [.. arguments, null], [.. environment, $"{Diagnostics}=0", null]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Falls through to the warning: a broker with diagnostics is better than none, and it is said aloud.
        }

        Console.Error.WriteLine($"guard: the runtime's diagnostic port stays open.\n  → Set {Diagnostics}=0 in the environment of guard run.");
    }

    /// <summary>The sockets and pipes that this image opened at its start; the new one would leave them lying about.</summary>
    private static void RemoveOwnPorts()
    {
        foreach (var pattern in new[] { $"dotnet-diagnostic-{Environment.ProcessId}-*", $"clr-debug-pipe-{Environment.ProcessId}-*" })
        {
            foreach (var port in Directory.GetFiles(Path.GetTempPath(), pattern))
            {
                File.Delete(port);
            }
        }
    }

    /// <summary>No core dumps, and no other process of this user may read this one's memory (ptrace(2)).</summary>
    public static void ForbidDumps()
    {
        if (OperatingSystem.IsLinux())
        {
            var none = default(Limit);
            _ = SetLimit(CoreLimit, in none);
            _ = ProcessControl(SetDumpable, 0, 0, 0, 0);
        }
    }

    [LibraryImport("libc", EntryPoint = "execve", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Execute(string path, string?[] arguments, string?[] environment);

    [LibraryImport("libc", EntryPoint = "prctl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int ProcessControl(int option, nuint value, nuint unused3, nuint unused4, nuint unused5);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetLimit(int resource, in Limit limit);

    /// <summary>struct rlimit on 64-bit Linux; all zero forbids.</summary>
    private readonly record struct Limit(ulong Current, ulong Maximum);
}
