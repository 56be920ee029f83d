using LocalFirst.Guard.MachineSetup.Runtimes;

namespace LocalFirst.Guard.MachineSetup.Doctor;

/// <summary>Tools that are started from this shell go through the broker and trust it.</summary>
/// <param name="expected">What the environment should hold; empty when no broker runs.</param>
/// <param name="read">Reads a variable.</param>
public sealed class RuntimeVariablesCheck(IReadOnlyList<RuntimeVariable> expected, Func<string, string?> read) : IDoctorCheck
{
    private const int NamedAtMost = 4;

    /// <inheritdoc/>
    public string Name => "environment";

    /// <inheritdoc/>
    public Task<CheckResult> RunAsync(CancellationToken cancellation) => Task.FromResult(Check());

    private CheckResult Check()
    {
        if (expected.Count == 0)
        {
            return CheckResult.Warn("No broker runs, so this shell cannot lead to one.", "Start it with guard run.");
        }

        // Names only: a proxy's address may hold a password.
        var missing = expected.Where(v => read(v.Name) != v.Value).Select(v => v.Name).ToList();
        if (missing.Count == 0)
        {
            return CheckResult.Ok("Tools started from this shell go through the broker.");
        }

        var named = string.Join(", ", missing.Take(NamedAtMost)) + (missing.Count > NamedAtMost ? $" and {missing.Count - NamedAtMost} more" : "");
        return CheckResult.Warn($"Tools started from this shell do not all go through the broker: {named} unset or different.", "Start them with guard exec -- CMD, which sets every variable.");
    }
}
