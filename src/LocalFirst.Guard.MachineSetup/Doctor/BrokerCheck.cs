using LocalFirst.Guard.MachineSetup.Processes;

namespace LocalFirst.Guard.MachineSetup.Doctor;

/// <summary>A broker runs in this home and answers on its port.</summary>
/// <param name="runFolder">The <c>run</c> folder of the home.</param>
public sealed class BrokerCheck(string runFolder) : IDoctorCheck
{
    /// <inheritdoc/>
    public string Name => "broker";

    /// <inheritdoc/>
    public async Task<CheckResult> RunAsync(CancellationToken cancellation)
    {
        if (RunningBroker.Read(runFolder) is not { } broker)
        {
            return CheckResult.Warn("No broker runs in this home.", "Start it with guard run; guard exec -- CMD starts one for a single command.");
        }

        return await broker.AnswersAsync(cancellation)
            ? CheckResult.Ok($"The broker answers at {broker.Proxy.GetLeftPart(UriPartial.Authority)} (process {broker.Pid}).")
            : CheckResult.Fail($"The broker of process {broker.Pid} does not answer at {broker.Proxy.GetLeftPart(UriPartial.Authority)}.", "Start it again with guard run.");
    }
}
