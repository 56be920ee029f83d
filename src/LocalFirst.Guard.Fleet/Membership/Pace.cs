namespace LocalFirst.Guard.Fleet.Membership;

/// <summary>
/// When to ask the server next: regularly while it answers, ever more rarely while it does not. The jitter keeps a fleet that lost its server from coming
/// back all at once.
/// </summary>
/// <param name="usual">Between two tries that work.</param>
/// <param name="random">The jitter.</param>
internal sealed class Pace(TimeSpan usual, Random random)
{
    /// <summary>Between two polls of policy: a new one is obeyed within seconds, and a thousand devices make a hundred small requests a second.</summary>
    public static readonly TimeSpan DefaultPoll = TimeSpan.FromSeconds(10);

    /// <summary>Between two looks at the log for something to upload.</summary>
    public static readonly TimeSpan DefaultUpload = TimeSpan.FromSeconds(5);

    /// <summary>Longest wait after failures: a server that is back is noticed within a minute.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan First = TimeSpan.FromSeconds(2);

    private int _failures;

    /// <summary>After a try that worked: the usual time, a fifth more or less.</summary>
    public TimeSpan Worked()
    {
        _failures = 0;
        return usual * (0.8 + (0.4 * random.NextDouble()));
    }

    /// <summary>After one that did not: twice as long as after the last, up to <see cref="Longest"/>; down to half of it by chance.</summary>
    public TimeSpan Failed()
    {
        var full = First * Math.Pow(2, Math.Min(_failures++, 10));
        return (full < Longest ? full : Longest) * (0.5 + (0.5 * random.NextDouble()));
    }
}
