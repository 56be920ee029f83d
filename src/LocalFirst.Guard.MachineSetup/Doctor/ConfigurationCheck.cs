namespace LocalFirst.Guard.MachineSetup.Doctor;

/// <summary>The configuration and the policy that it names can be used as they are.</summary>
/// <param name="file">The configuration file; it need not exist.</param>
/// <param name="findError">Validates it; the error for people (what, where, what next), or null.</param>
public sealed class ConfigurationCheck(string file, Func<string?> findError) : IDoctorCheck
{
    /// <inheritdoc/>
    public string Name => "configuration";

    /// <inheritdoc/>
    public Task<CheckResult> RunAsync(CancellationToken cancellation) => Task.FromResult(
        findError() is { } error
            ? CheckResult.Fail(error, $"Mend {file}, then run guard doctor again.")
            : CheckResult.Ok(File.Exists(file) ? $"{file} is valid." : $"{file} does not exist; the defaults hold."));
}
