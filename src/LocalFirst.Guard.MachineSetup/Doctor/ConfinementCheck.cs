using System.ComponentModel;
using System.Diagnostics;
using LocalFirst.Guard.MachineSetup.Processes;

namespace LocalFirst.Guard.MachineSetup.Doctor;

/// <summary>The kernel lets the model's process have a network namespace of its own, so that it cannot reach anything.</summary>
public sealed class ConfinementCheck : IDoctorCheck
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public string Name => "model-confinement";

    /// <inheritdoc/>
    public async Task<CheckResult> RunAsync(CancellationToken cancellation)
    {
        const string mend = "On Linux allow user namespaces (sysctl kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns); policy can refuse an unconfined model.";
        if (!OperatingSystem.IsLinux())
        {
            return CheckResult.Warn("The model's process cannot be confined on this system yet.", "Nothing to do; the process still gets an empty environment.");
        }

        if (ProgramPath.Find("unshare") is not { } unshare)
        {
            return CheckResult.Warn("Whether the model's process can be confined is unknown: unshare is not installed.", "Install util-linux to let guard doctor find out.");
        }

        try
        {
            using var process = Process.Start(new ProcessStartInfo(unshare, ["-r", "-n", "true"]) { RedirectStandardError = true, RedirectStandardOutput = true });
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(Limit);
            await process!.WaitForExitAsync(limit.Token);
            return process.ExitCode == 0
                ? CheckResult.Ok("The model's process can have a network namespace of its own.")
                : CheckResult.Warn("The kernel forbids user namespaces: the model's process would run unconfined.", mend);
        }
        catch (Exception e) when (e is Win32Exception || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return CheckResult.Warn("Whether the model's process can be confined could not be found out.", mend);
        }
    }
}
