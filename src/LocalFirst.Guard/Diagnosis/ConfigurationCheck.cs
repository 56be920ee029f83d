using LocalFirst.Guard.CommandLine;
using LocalFirst.Guard.Configuration;
using LocalFirst.Guard.MachineSetup.Doctor;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Running;

namespace LocalFirst.Guard.Diagnosis;

/// <summary>The configuration, and the policy and roots that it names, load as <c>guard run</c> would load them.</summary>
/// <param name="file">The configuration file; it need not exist.</param>
/// <param name="mustExist">Whether a missing file is an error, as with <c>--config</c>.</param>
internal sealed class ConfigurationCheck(string file, bool mustExist) : IDoctorCheck
{
    public string Name => "configuration";

    public Task<CheckResult> RunAsync(CancellationToken cancellation) => Task.FromResult(Check());

    private CheckResult Check()
    {
        try
        {
            var settings = SettingsFile.Load(file, mustExist);
            var policy = PolicyFile.Resolve(settings.Policy);
            BrokerHost.ReadUpstreams(settings);
            var where = File.Exists(file) ? $"{file} is valid" : $"{file} does not exist, so the defaults hold";
            return CheckResult.Ok($"{where}; policy {policy.Name} {policy.Version}.");
        }
        catch (Exception e) when (GuardCommandLine.IsForPeople(e))
        {
            return Explained.Fail(e.Message, $"Mend {file}, then run guard doctor again.");
        }
    }
}
