using System.Globalization;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Ingest;
using LocalFirst.Guard.Audit.Notes;
using LocalFirst.Guard.CommandLine;
using LocalFirst.Guard.Fleet.Membership;
using LocalFirst.Guard.MachineSetup.Doctor;

namespace LocalFirst.Guard.Diagnosis;

/// <summary>How much of this device's log the fleet's server has cosigned.</summary>
/// <param name="home">The home folder.</param>
internal sealed class FleetUploadCheck(GuardHome home) : IDoctorCheck
{
    public string Name => "fleet-upload";

    public async Task<CheckResult> RunAsync(CancellationToken cancellation)
    {
        try
        {
            if (new MembershipFolder(home.Membership).Read() is not { } membership || !File.Exists(home.AuditDatabase))
            {
                return CheckResult.Ok("Nothing has to be uploaded.");
            }

            var source = (await AuditReader.OpenAsync(new AuditLogOptions { DatabasePath = home.AuditDatabase, KeysFolder = home.Keys }, cancellation)).OpenUpload();
            var kept = new CosignedCheckpoints(home.AuditDatabase);
            var (size, cosigned) = (0L, 0L);
            foreach (var epoch in await source.EpochsAsync(cancellation))
            {
                size += await source.SizeAsync(epoch, cancellation);
                cosigned += kept.SizeOf(new LogOrigin(membership.Device, epoch), membership.Witness());
            }

            var state = string.Create(CultureInfo.InvariantCulture, $"The fleet's server cosigned {cosigned:N0} of {size:N0} records.");
            return cosigned >= size
                ? CheckResult.Ok(state)
                : CheckResult.Warn(state, "guard run sends the rest while the server can be reached; guard audit tail shows an upload that was refused.");
        }
        catch (Exception e) when (GuardCommandLine.IsForPeople(e))
        {
            return Explained.Fail(e.Message, "guard audit verify tells more.");
        }
    }
}
