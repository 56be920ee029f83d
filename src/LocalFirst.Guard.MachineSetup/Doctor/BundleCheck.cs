using System.Security.Cryptography;
using LocalFirst.Guard.MachineSetup.Trust;

namespace LocalFirst.Guard.MachineSetup.Doctor;

/// <summary>The bundle that runtimes trust holds the broker's present root.</summary>
/// <param name="rootPem">The broker's root.</param>
/// <param name="bundlePem">The bundle.</param>
public sealed class BundleCheck(string rootPem, string bundlePem) : IDoctorCheck
{
    /// <inheritdoc/>
    public string Name => "trust-bundle";

    /// <inheritdoc/>
    public Task<CheckResult> RunAsync(CancellationToken cancellation) => Task.FromResult(Check());

    private CheckResult Check()
    {
        if (!File.Exists(rootPem) || !File.Exists(bundlePem))
        {
            return CheckResult.Warn($"{bundlePem} does not exist yet.", "guard run makes it.");
        }

        try
        {
            return TrustBundle.Contains(bundlePem, rootPem)
                ? CheckResult.Ok($"{bundlePem} holds the system's roots and the broker's.")
                : CheckResult.Fail($"{bundlePem} does not hold the broker's root.", "Start guard run again: it writes the bundle anew.");
        }
        catch (Exception e) when (e is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return CheckResult.Fail($"{bundlePem} or {rootPem} cannot be read as certificates.", "Delete the bundle and start guard run again.");
        }
    }
}
