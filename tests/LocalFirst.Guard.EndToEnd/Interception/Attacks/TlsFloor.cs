using System.Diagnostics;
using LocalFirst.Guard.EndToEnd.Clients;
using LocalFirst.Guard.Testing;

namespace LocalFirst.Guard.EndToEnd.Interception.Attacks;

/// <summary>What the broker agrees to in a handshake with a client, asked by <c>openssl s_client</c>, which still speaks what .NET no longer does.</summary>
internal static class TlsFloor
{
    private const string Refused = "no handshake";

    public static IEnumerable<Attack> All =>
    [
        Ask("tls-1.2", "RFC 9325 §3.1.1", "TLSv1.2", "-tls1_2"),
        Ask("tls-1.3", "RFC 9325 §3.1.1", "TLSv1.3", "-tls1_3"),
        Ask("tls-1.0", "RFC 8996", Refused, "-tls1", "-cipher", "DEFAULT@SECLEVEL=0"),
        Ask("tls-1.1", "RFC 8996", Refused, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"),
        Ask("tls-cipher-NULL", "RFC 9325 §4.1", Refused, "-tls1_2", "-cipher", "eNULL@SECLEVEL=0"),
        Ask("tls-cipher-anonymous", "RFC 9325 §4.1", Refused, "-tls1_2", "-cipher", "aNULL@SECLEVEL=0"),
        Ask("tls-cipher-without-forward-secrecy", "RFC 9325 §4.1", Refused, "-tls1_2", "-cipher", "kRSA@SECLEVEL=0"),
        Ask("tls-cipher-CBC-with-SHA-1", "RFC 9325 §4.2.1", Refused, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA@SECLEVEL=0"),
        Ask("tls-finite-field-Diffie-Hellman", "RFC 9325 §4.1", Refused, "-tls1_2", "-cipher", "kDHE@SECLEVEL=0"),
        Ask("tls-signature-SHA-1-only", "RFC 9155", Refused, "-tls1_2", "-sigalgs", "ECDSA+SHA1", "-cipher", "DEFAULT@SECLEVEL=0"),
        new("tls-renegotiation", "CVE-2009-3555, CVE-2011-1473", "closed", RenegotiateAsync),
    ];

    private static Attack Ask(string id, string source, string told, params string[] args) => new(id, source, told, async broker =>
    {
        // The answer to one request keeps s_client until the handshake is over on both sides.
        var result = await Processes.RunAsync(Client(broker, args), "Q\n");
        return result.ExitCode == 0 && result.Out.Contains("Verify return code: 0", StringComparison.Ordinal)
            ? new[] { "TLSv1.3", "TLSv1.2", "TLSv1.1", "TLSv1" }.First(v => result.Out.Contains($"New, {v},", StringComparison.Ordinal))
            : result.Out.Contains("Cipher is (NONE)", StringComparison.Ordinal) ? Refused : result.Everything;
    });

    /// <summary>A line with <c>R</c> makes s_client ask for a new handshake on the same connection.</summary>
    private static async Task<string> RenegotiateAsync(AttackedBroker broker)
    {
        using var process = Process.Start(Client(broker, ["-tls1_2"]))!;
        try
        {
            var errors = process.StandardError.ReadToEndAsync();
            while (await process.StandardOutput.ReadLineAsync().Within("a handshake of s_client") is { } line && !line.Contains("Verify return code", StringComparison.Ordinal))
            {
            }

            await process.StandardInput.WriteAsync("R\n");
            await process.StandardInput.FlushAsync();
            await process.WaitForExitAsync().Within("the end of s_client after it asked for a new handshake");
            return (await errors).Contains("unexpected eof", StringComparison.Ordinal) ? "closed" : await errors;
        }
        finally
        {
            Processes.End(process);
        }
    }

    private static ProcessStartInfo Client(AttackedBroker broker, string[] args)
    {
        var openssl = NodeClients.Find("openssl");
        Tools.Require(openssl is not null, "openssl is not installed (.ci/prepare installs it).");
        return Processes.Command(openssl, ["s_client", "-proxy", broker.Guard.Proxy.Authority, "-connect", "api.openai.com:443", "-servername", "api.openai.com", "-CAfile", broker.Guard.RootPem, .. args]);
    }
}
