using System.Runtime.InteropServices;

namespace LocalFirst.Guard.ModelHost.Confinement;

/// <summary>What the process can take from itself on Linux. The namespaces come from the launcher; this holds without it too.</summary>
internal static unsafe partial class ProcessHardening
{
    private const int PrSetDumpable = 4;
    private const int PrSetNoNewPrivs = 38;
    private const int RlimitCore = 4;

    /// <summary>
    /// No core dumps, no tracing by other processes of the user, no privileges by execution. Prompts are in this process's memory, and its
    /// native code reads a file from elsewhere. Each step is best effort: <see cref="ConfinementReport"/> tells what really holds.
    /// </summary>
    public static void Apply()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        _ = Prctl(PrSetNoNewPrivs, 1, 0, 0, 0);
        _ = Prctl(PrSetDumpable, 0, 0, 0, 0);
        var none = default(ResourceLimit);
        _ = SetResourceLimit(RlimitCore, &none);
    }

    [LibraryImport("libc", EntryPoint = "prctl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Prctl(int option, nuint a, nuint b, nuint c, nuint d);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int SetResourceLimit(int resource, ResourceLimit* limit);

    private struct ResourceLimit
    {
        public nuint Soft;
        public nuint Hard;
    }
}
