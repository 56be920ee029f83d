namespace LocalFirst.Guard.Fleet.Membership;

/// <summary>What kind of thing went wrong between a device and its fleet.</summary>
public enum FleetProblem
{
    /// <summary>Nobody answers there.</summary>
    Unreachable,

    /// <summary>Somebody answers whose certificate is not trusted.</summary>
    Certificate,

    /// <summary>The clocks do not agree.</summary>
    Clock,

    /// <summary>What answers is no fleet server.</summary>
    NotAServer,

    /// <summary>The server does not know this device, or not this key.</summary>
    NotEnrolled,

    /// <summary>The server ended this device's membership.</summary>
    Revoked,

    /// <summary>The server refused for another reason, which it gave.</summary>
    Refused,

    /// <summary>The server failed.</summary>
    ServerFailed,

    /// <summary>The person could not sign in.</summary>
    SignIn,

    /// <summary>What this device keeps of its membership does not fit.</summary>
    Membership,
}

/// <summary>Something between a device and its fleet did not work. The message is for people.</summary>
/// <param name="problem">What kind of thing.</param>
/// <param name="what">What was wrong and where.</param>
/// <param name="next">What to do next.</param>
public sealed class FleetException(FleetProblem problem, string what, string next) : Exception($"{what}\n  → {next}")
{
    /// <summary>What kind of thing.</summary>
    public FleetProblem Problem { get; } = problem;

    /// <summary>What was wrong and where, alone.</summary>
    public string What { get; } = what;
}
