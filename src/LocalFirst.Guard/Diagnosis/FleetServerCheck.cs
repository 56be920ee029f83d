using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.CommandLine;
using LocalFirst.Guard.Fleet.Membership;
using LocalFirst.Guard.MachineSetup.Doctor;

namespace LocalFirst.Guard.Diagnosis;

/// <summary>The fleet's server: it answers, its certificate is trusted, its keys are the pinned ones, the clocks agree, and it lets this device in.</summary>
/// <param name="home">The home folder.</param>
/// <param name="time">The clock.</param>
internal sealed class FleetServerCheck(GuardHome home, TimeProvider time) : IDoctorCheck
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    public string Name => "fleet-server";

    public async Task<CheckResult> RunAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Limit);
        try
        {
            var folder = new MembershipFolder(home.Membership);
            if (folder.Read() is not { } membership)
            {
                return CheckResult.Ok("No fleet, no server.");
            }

            using var identity = DeviceIdentity.Open(home.Keys);
            await new Enrolment(folder, identity, time).DescribeAsync(membership.Server, isAgain: false, limit.Token);
            using var client = FleetClient.Signed(membership.Server, identity, time);
            await client.BundleAsync(null, null, limit.Token);
            return CheckResult.Ok($"{membership.Server.Authority} answers and lets this device in; its keys are the pinned ones and the clocks agree.");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return CheckResult.Warn($"The fleet's server did not answer within {Limit.TotalSeconds:0} s.", "Check the network and whether the server runs; the device guards with its last policy meanwhile.");
        }
        catch (FleetException e) when (e.Problem is FleetProblem.Unreachable or FleetProblem.ServerFailed)
        {
            // A laptop on a train is not broken.
            var failed = Explained.Fail(e.Message, "Check the network.");
            return CheckResult.Warn(failed.Finding, failed.Mend!);
        }
        catch (Exception e) when (GuardCommandLine.IsForPeople(e))
        {
            return Explained.Fail(e.Message, "guard enroll --help");
        }
    }
}
