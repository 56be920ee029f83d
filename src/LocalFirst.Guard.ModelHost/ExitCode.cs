namespace LocalFirst.Guard.ModelHost;

/// <summary>Exit codes by which the broker tells what happened. 1 and 97 are the launcher's own: it could not make the namespaces.</summary>
internal static class ExitCode
{
    /// <summary>Asked to stop.</summary>
    public const int Success = 0;

    /// <summary>Wrong arguments.</summary>
    public const int Usage = 64;

    /// <summary>The model file is not acceptable; the reason is the last line of standard error.</summary>
    public const int BadModel = 70;

    /// <summary>The natives are missing, unknown or of another layout; the reason is the last line of standard error.</summary>
    public const int BadNatives = 71;

    /// <summary>The socket cannot be opened.</summary>
    public const int CannotListen = 72;
}
