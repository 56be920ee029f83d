using System.Globalization;
using LocalFirst.Guard.CommandLine;
using LocalFirst.Guard.Configuration;
using LocalFirst.Guard.Fleet.Membership;
using LocalFirst.Guard.MachineSetup.Doctor;
using LocalFirst.Guard.Running;

namespace LocalFirst.Guard.Diagnosis;

/// <summary>The fleet that this device belongs to, and the policy bundle that it obeys.</summary>
/// <param name="home">The home folder.</param>
/// <param name="config">The configuration file, which may name a server.</param>
/// <param name="time">The clock.</param>
internal sealed class FleetCheck(GuardHome home, string config, TimeProvider time) : IDoctorCheck
{
    public string Name => "fleet";

    public Task<CheckResult> RunAsync(CancellationToken cancellation) => Task.FromResult(Check());

    private CheckResult Check()
    {
        try
        {
            var folder = new MembershipFolder(home.Membership);
            var membership = folder.Read();
            var device = Path.Combine(home.Keys, "device-id") is var file && File.Exists(file) ? File.ReadAllText(file).TrimEnd('\n') : "";
            if (FleetLink.ProblemOf(membership, SettingsFile.Load(config).Server, device) is { } problem)
            {
                return CheckResult.Fail(problem, "guard enroll --help");
            }

            if (membership is null)
            {
                return CheckResult.Ok("This device belongs to no fleet; its own policy holds.");
            }

            var store = BundleStore.Open(folder, membership.Verifier(), time);
            if (store.InForce is not { } verified)
            {
                return CheckResult.Fail(
                    $"There is no valid policy of the fleet {membership.Name}, so nothing leaves. {store.RefusedAtStart?.Message}",
                    $"Start guard run while {membership.Server.Authority} can be reached; if it stays, guard enroll {membership.Server} --again.");
            }

            var (bundle, policy) = verified;
            var what = string.Create(CultureInfo.InvariantCulture, $"{membership.Name}: bundle {bundle.Version} of {bundle.Issued:u}, policy {policy.Name} {policy.Version}");
            return time.GetUtcNow() < bundle.Expires
                ? CheckResult.Ok(string.Create(CultureInfo.InvariantCulture, $"{what}, good until {bundle.Expires:u}."))
                : CheckResult.Fail(
                    string.Create(CultureInfo.InvariantCulture, $"{what}, expired on {bundle.Expires:u}: what would leave is held."),
                    $"Let guard run reach {membership.Server.Authority}; the check fleet-server says whether it can.");
        }
        catch (Exception e) when (GuardCommandLine.IsForPeople(e))
        {
            return Explained.Fail(e.Message, "guard enroll --help");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return CheckResult.Fail($"What this device keeps of its fleet cannot be read ({e.GetType().Name}).", $"Check that {home.Membership} and {home.Keys} are yours.");
        }
    }
}
