using System.Globalization;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.MachineSetup.Doctor;

namespace LocalFirst.Guard.Diagnosis;

/// <summary>The audit log opens and is whole; without it nothing leaves.</summary>
/// <param name="home">The home folder.</param>
internal sealed class AuditLogCheck(GuardHome home) : IDoctorCheck
{
    public string Name => "audit-log";

    public async Task<CheckResult> RunAsync(CancellationToken cancellation)
    {
        if (!File.Exists(home.AuditDatabase))
        {
            return CheckResult.Warn($"{home.AuditDatabase} does not exist yet.", "guard run makes it.");
        }

        try
        {
            var reader = await AuditReader.OpenAsync(new AuditLogOptions { DatabasePath = home.AuditDatabase, KeysFolder = home.Keys }, cancellation);
            var log = await reader.VerifyAsync(cancellation);
            return log.Intact
                ? CheckResult.Ok(string.Create(CultureInfo.InvariantCulture, $"The audit log is intact: {log.Size:N0} records under one signed root."))
                : CheckResult.Fail(
                    $"The audit log is not intact: {log.Failure}",
                    "Keep this machine's files as they are and tell your security team; guard audit verify names every place.");
        }
        catch (AuditException e)
        {
            return Explained.Fail(e.Message, "guard audit verify tells more. Without its log the broker forwards nothing.");
        }
    }
}
