namespace LocalFirst.Guard.MachineSetup.Doctor;

/// <summary>The audit log opens and is whole; without it nothing leaves.</summary>
/// <param name="findError">Opens and checks it; the error for people, or null.</param>
public sealed class AuditLogCheck(Func<CancellationToken, Task<string?>> findError) : IDoctorCheck
{
    /// <inheritdoc/>
    public string Name => "audit-log";

    /// <inheritdoc/>
    public async Task<CheckResult> RunAsync(CancellationToken cancellation) =>
        await findError(cancellation) is { } error
            ? CheckResult.Fail(error, "guard audit verify tells more. Without its log the broker forwards nothing.")
            : CheckResult.Ok("The audit log opens.");
}
