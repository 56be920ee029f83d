using System.Net.Sockets;
using System.Security.Authentication;

namespace LocalFirst.Guard.Fleet.Membership;

/// <summary>Says why a connection did not come about, with the mend.</summary>
internal static class ConnectionProblem
{
    /// <summary>Whether the exception is about a connection at all.</summary>
    public static bool Is(Exception error)
    {
        for (var at = error; at is not null; at = at.InnerException)
        {
            if (at is HttpRequestException or SocketException or AuthenticationException or IOException)
            {
                return true;
            }
        }

        return false;
    }

    public static FleetException Explain(Uri address, string who, Exception error)
    {
        for (var at = error; at is not null; at = at.InnerException)
        {
            switch (at)
            {
                case AuthenticationException:
                    return Certificate(address, who, at.Message);
                case SocketException socket:
                    return Unreachable(address, who, socket.SocketErrorCode switch
                    {
                        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "its name is not known",
                        SocketError.ConnectionRefused => "nothing listens there",
                        SocketError.TimedOut => "it does not answer",
                        var other => other.ToString(),
                    });
            }
        }

        return Unreachable(address, who, error is OperationCanceledException ? "it does not answer in time" : "the connection broke");
    }

    private static FleetException Unreachable(Uri address, string who, string why) => new(
        FleetProblem.Unreachable, $"{who} {address.Authority} cannot be reached: {why}.", "Check the address, your network and its proxy or VPN, and whether the server runs.");

    // The words are .NET's: X509ChainStatusFlags and SslPolicyErrors.
    private static FleetException Certificate(Uri address, string who, string message)
    {
        var (why, mend) = message switch
        {
            _ when message.Contains("NameMismatch", StringComparison.Ordinal) => ("it is for another name", "Use the name that the certificate has, or let your administrator mend the certificate."),
            _ when message.Contains("NotTimeValid", StringComparison.Ordinal) => ("it is not valid at this time", "Check this machine's clock; if it is right, the certificate has to be renewed."),
            _ => ("no root that this machine trusts has signed it", "If the server's certificate is your company's own, add its root to the system's trust store (or SSL_CERT_FILE); otherwise find out who stands between."),
        };
        return new FleetException(FleetProblem.Certificate, $"{who} {address.Authority} has a certificate that is not trusted: {why}.", mend);
    }
}
