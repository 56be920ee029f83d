namespace LocalFirst.Guard.MachineSetup.Doctor;

/// <summary>How one link of the chain is.</summary>
public enum CheckStatus
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>It works, but not as well or not for everybody.</summary>
    Warn,

    /// <summary>It does not work.</summary>
    Fail,
}

/// <summary>What a check found.</summary>
/// <param name="Status">How it is.</param>
/// <param name="Finding">What was found, in one sentence.</param>
/// <param name="Mend">What to do about it; null when nothing has to be done.</param>
public sealed record CheckResult(CheckStatus Status, string Finding, string? Mend = null)
{
    /// <summary>As it should be.</summary>
    /// <param name="finding">What was found.</param>
    public static CheckResult Ok(string finding) => new(CheckStatus.Ok, finding);

    /// <summary>It works, but not as well or not for everybody.</summary>
    /// <param name="finding">What was found.</param>
    /// <param name="mend">What to do.</param>
    public static CheckResult Warn(string finding, string mend) => new(CheckStatus.Warn, finding, mend);

    /// <summary>It does not work.</summary>
    /// <param name="finding">What was found.</param>
    /// <param name="mend">What to do.</param>
    public static CheckResult Fail(string finding, string mend) => new(CheckStatus.Fail, finding, mend);
}

/// <summary>One link of the chain between a tool and its provider, checked without changing anything.</summary>
public interface IDoctorCheck
{
    /// <summary>Stable name in lower case, for example <c>home-folder</c>.</summary>
    string Name { get; }

    /// <summary>Checks. Throws nothing but a cancellation.</summary>
    /// <param name="cancellation">Stops the check.</param>
    Task<CheckResult> RunAsync(CancellationToken cancellation);
}
