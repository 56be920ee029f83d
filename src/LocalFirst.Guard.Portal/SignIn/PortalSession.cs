namespace LocalFirst.Guard.Portal.SignIn;

/// <summary>A signed-in person. Lives in memory only: a restart signs everybody out.</summary>
internal sealed class PortalSession
{
    public required string HostId { get; init; }

    /// <summary>A random name: cookies of one host are shared by all ports, and a fixed name could be set by somebody else's server there.</summary>
    public required string CookieName { get; init; }

    /// <summary>SHA-256 of the cookie's value; the value itself is known to the browser alone.</summary>
    public required byte[] SecretHash { get; init; }

    public required DateTimeOffset SignedIn { get; init; }

    public required DateTimeOffset LastUse { get; set; }
}

/// <summary>A session just made, with the secret that goes into its cookie.</summary>
internal sealed record NewSession(PortalSession Session, string Secret);

/// <summary>What a <c>&lt;id&gt;.localhost</c> host is to us.</summary>
internal enum HostState
{
    /// <summary>Never made here.</summary>
    Unknown,

    /// <summary>Made for a link that waits for its click.</summary>
    LinkWaits,

    /// <summary>Somebody signed in on it.</summary>
    SignedIn,

    /// <summary>Its link or session ended.</summary>
    Ended,
}
