namespace LocalFirst.Guard.Portal.Access;

/// <summary>Where sign-in may lead back to: this server alone, whatever a link says.</summary>
internal static class LocalAddress
{
    /// <summary>The path, if it is one of this server; the start otherwise.</summary>
    /// <param name="path">What was asked for; null for nothing.</param>
    public static string OrStart(string? path) => path is not null && IsLocal(path) ? path : "/";

    // "//host" and "/\host" are addresses of other hosts to a browser, and control characters are dropped by it before it looks.
    private static bool IsLocal(string path) =>
        path is ['/', ..] && (path.Length == 1 || path[1] is not ('/' or '\\')) && !path.Any(char.IsControl);
}
