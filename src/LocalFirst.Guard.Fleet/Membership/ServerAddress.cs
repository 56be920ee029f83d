namespace LocalFirst.Guard.Fleet.Membership;

/// <summary>Which addresses a fleet's server may have.</summary>
public static class ServerAddress
{
    /// <summary>Reads what a person typed.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="FleetException">Not such an address.</exception>
    public static Uri Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.Host.Length == 0)
        {
            throw new FleetException(FleetProblem.NotAServer, "This is not the address of a fleet server.", "Write it as your administrator gave it: https://guard.example.com");
        }

        // The message does not repeat the address: what stands before the @ is a password.
        if (uri.UserInfo.Length > 0 || uri.Query.Length > 0 || uri.Fragment.Length > 0)
        {
            throw new FleetException(FleetProblem.NotAServer, "A server's address has no user name, ?query or #fragment.", "Write https:// and a host, with a port and a path if needed.");
        }

        return IsAllowed(uri)
            ? Folder(uri)
            : throw new FleetException(FleetProblem.Certificate, $"{uri.Authority} would be reached without TLS: sign-in and records would cross the network in the clear.", "Write https://…; plain http is for loopback only.");
    }

    /// <summary>Whether records and policy may travel there: https, or plain http on loopback.</summary>
    /// <param name="uri">Absolute address.</param>
    public static bool IsAllowed(Uri uri)
    {
        ArgumentNullException.ThrowIfNull(uri);
        return uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback);
    }

    /// <summary>Whether two addresses name one server.</summary>
    /// <param name="one">One.</param>
    /// <param name="other">The other.</param>
    public static bool AreSame(Uri one, Uri other) => Folder(one) == Folder(other);

    // So that relative addresses stand below it.
    private static Uri Folder(Uri uri) => uri.AbsolutePath.EndsWith('/') ? uri : new Uri(uri.GetLeftPart(UriPartial.Path) + "/");
}
