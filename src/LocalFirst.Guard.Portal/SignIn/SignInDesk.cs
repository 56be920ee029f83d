using System.Security.Cryptography;
using System.Text;

namespace LocalFirst.Guard.Portal.SignIn;

/// <summary>
/// Makes one-time links and turns them into sessions. Each link gets a random host under <c>localhost</c> (RFC 6761 §6.3: always loopback), and the
/// session stays bound to it: cookies on 127.0.0.1 are shared by all ports, so that every other local server would be sent them.
/// </summary>
internal sealed class SignInDesk(TimeProvider time)
{
    /// <summary>How long a link waits for its click: long enough to switch windows, short enough that a scrollback is worth nothing.</summary>
    public static readonly TimeSpan LinkLifetime = TimeSpan.FromSeconds(60);

    /// <summary>Longest session: a working day.</summary>
    public static readonly TimeSpan SessionLifetime = TimeSpan.FromHours(8);

    /// <summary>Longest session without a click; the list that refreshes itself does not count.</summary>
    public static readonly TimeSpan IdleLifetime = TimeSpan.FromHours(1);

    /// <summary>Most hosts that are remembered. Minting needs the control socket, so only its owner could fill it.</summary>
    private const int MaxHosts = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _hosts = new(StringComparer.Ordinal);

    /// <summary>A new host and the token that signs in on it: 128 and 256 random bits.</summary>
    public (string HostId, string Token) Mint()
    {
        // Hex, not base64: host names do not keep upper and lower case apart.
        var hostId = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        var token = RandomText();
        lock (_lock)
        {
            Forget();
            _hosts.Add(hostId, new Entry { Made = time.GetUtcNow(), TokenHash = Hash(token) });
        }

        return (hostId, token);
    }

    /// <summary>What a host is to us now.</summary>
    public HostState StateOf(string hostId)
    {
        lock (_lock)
        {
            return Current(hostId) switch
            {
                null => HostState.Unknown,
                { TokenHash: not null } => HostState.LinkWaits,
                { Session: not null } => HostState.SignedIn,
                _ => HostState.Ended,
            };
        }
    }

    /// <summary>Exchanges a token for a session, once; null when it is wrong, used or too old.</summary>
    public NewSession? Exchange(string hostId, string token)
    {
        lock (_lock)
        {
            if (Current(hostId) is not { TokenHash: { } expected } entry || !CryptographicOperations.FixedTimeEquals(expected, Hash(token)))
            {
                return null;
            }

            var secret = RandomText();
            entry.TokenHash = null;
            entry.Session = new PortalSession
            {
                HostId = hostId,
                CookieName = "guard-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)),
                SecretHash = Hash(secret),
                SignedIn = time.GetUtcNow(),
                LastUse = time.GetUtcNow(),
            };
            return new NewSession(entry.Session, secret);
        }
    }

    /// <summary>The live session of a host whose cookie is right, or null.</summary>
    /// <param name="hostId">The host.</param>
    /// <param name="cookie">Looks a cookie up by its name.</param>
    /// <param name="isUse">Whether a person did something; the list's own refresh does not keep a session alive.</param>
    public PortalSession? Find(string hostId, Func<string, string?> cookie, bool isUse)
    {
        lock (_lock)
        {
            if (Current(hostId)?.Session is not { } session
                || cookie(session.CookieName) is not { } secret
                || !CryptographicOperations.FixedTimeEquals(session.SecretHash, Hash(secret)))
            {
                return null;
            }

            if (isUse)
            {
                session.LastUse = time.GetUtcNow();
            }

            return session;
        }
    }

    /// <summary>Ends a session.</summary>
    public void SignOut(string hostId)
    {
        lock (_lock)
        {
            Current(hostId)?.End();
        }
    }

    private Entry? Current(string hostId)
    {
        if (!_hosts.TryGetValue(hostId, out var entry))
        {
            return null;
        }

        var now = time.GetUtcNow();
        if (entry.TokenHash is not null && now - entry.Made >= LinkLifetime)
        {
            entry.End();
        }
        else if (entry.Session is { } session && (now - session.SignedIn >= SessionLifetime || now - session.LastUse >= IdleLifetime))
        {
            entry.End();
        }

        return entry;
    }

    // Ended hosts are remembered for a while, only so that an old tab is told "signed out" and not "no such host".
    private void Forget()
    {
        while (_hosts.Count >= MaxHosts)
        {
            var oldest = _hosts.OrderBy(h => h.Value.Session is not null).ThenBy(h => h.Value.Made).First().Key;
            _hosts.Remove(oldest);
        }
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    private static string RandomText() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    private sealed class Entry
    {
        public required DateTimeOffset Made { get; init; }

        public byte[]? TokenHash { get; set; }

        public PortalSession? Session { get; set; }

        public void End() => (TokenHash, Session) = (null, null);
    }
}
