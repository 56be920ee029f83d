using System.Runtime.InteropServices;

namespace LocalFirst.Guard.MachineSetup.Processes;

/// <summary>Sends a signal to a process by its id (POSIX.1-2017 <c>kill</c>); .NET itself only knows SIGKILL.</summary>
public static class UnixSignal
{
    /// <summary>SIGINT: what Ctrl-C sends.</summary>
    public const int Interrupt = 2;

    /// <summary>SIGTERM: asks to end in order.</summary>
    public const int Terminate = 15;

    /// <summary>Tests only whether the process exists.</summary>
    private const int Probe = 0;

    /// <summary>EPERM: the process exists, and belongs to somebody else. The same number on Linux and macOS.</summary>
    private const int NotPermitted = 1;

    /// <summary>Sends the signal.</summary>
    /// <param name="processId">Id of one process, more than 0: 0 and less would mean whole groups.</param>
    /// <param name="signal">Signal number.</param>
    /// <returns>False when the process is gone, is not ours, or this system has no signals.</returns>
    public static bool Send(int processId, int signal)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(processId);
        return !OperatingSystem.IsWindows() && Kill(processId, signal) == 0;
    }

    /// <summary>True when a process of this id exists.</summary>
    /// <param name="processId">Process id, more than 0.</param>
    public static bool Exists(int processId)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(processId);
        if (OperatingSystem.IsWindows())
        {
            try
            {
                using var process = System.Diagnostics.Process.GetProcessById(processId);
                return true;
            }
            catch (ArgumentException)
            {
                return false;
            }
        }

        return Kill(processId, Probe) == 0 || Marshal.GetLastPInvokeError() == NotPermitted;
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int processId, int signal);
}
