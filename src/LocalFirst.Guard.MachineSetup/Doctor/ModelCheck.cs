namespace LocalFirst.Guard.MachineSetup.Doctor;

/// <summary>A local model is chosen; without one, what must stay on the machine is refused.</summary>
/// <param name="selected">Name of the chosen model or endpoint, or null.</param>
public sealed class ModelCheck(Func<string?> selected) : IDoctorCheck
{
    /// <inheritdoc/>
    public string Name => "model";

    /// <inheritdoc/>
    public Task<CheckResult> RunAsync(CancellationToken cancellation) => Task.FromResult(
        selected() is { } name
            ? CheckResult.Ok($"`{name}` answers what must stay on this machine.")
            : CheckResult.Warn("No local model is chosen: what must stay on this machine is refused.", "guard model add PATH.gguf, then guard model use NAME."));
}
