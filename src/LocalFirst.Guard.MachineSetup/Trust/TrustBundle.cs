using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace LocalFirst.Guard.MachineSetup.Trust;

/// <summary>
/// One PEM file with the system's roots and ours. Variables such as <c>SSL_CERT_FILE</c> <em>replace</em> a runtime's roots, so a file with
/// ours alone would cut it off from everything that is not intercepted.
/// </summary>
public static class TrustBundle
{
    /// <summary>Writes the bundle. A reader sees the old file or the new one, never a part.</summary>
    /// <param name="path">The file.</param>
    /// <param name="systemRoots">The system's roots (<see cref="SystemRoots.Read"/>).</param>
    /// <param name="ours">The broker's root.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, X509Certificate2Collection systemRoots, X509Certificate2 ours)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(systemRoots);
        ArgumentNullException.ThrowIfNull(ours);

        // Ours first: a person who opens the file sees at once what is special about it.
        var text = new StringBuilder();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var certificate in systemRoots.Prepend(ours))
        {
            if (seen.Add(certificate.Thumbprint))
            {
                text.Append(CommentOf(certificate)).Append('\n').Append(certificate.ExportCertificatePem()).Append('\n');
            }
        }

        var draft = $"{path}.{Guid.NewGuid():N}.new";
        try
        {
            File.WriteAllText(draft, text.ToString(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            File.Move(draft, path, overwrite: true);
        }
        finally
        {
            File.Delete(draft);
        }
    }

    /// <summary>True when every certificate of one PEM file is in another.</summary>
    /// <param name="bundle">The larger file.</param>
    /// <param name="root">The smaller file.</param>
    public static bool Contains(string bundle, string root)
    {
        var all = new X509Certificate2Collection();
        all.ImportFromPemFile(bundle);
        var wanted = new X509Certificate2Collection();
        wanted.ImportFromPemFile(root);
        return wanted.Count > 0 && wanted.All(w => all.Any(a => a.RawDataMemory.Span.SequenceEqual(w.RawDataMemory.Span)));
    }

    /// <summary>Some readers take the file for ASCII, and a name may hold anything, line ends too.</summary>
    private static string CommentOf(X509Certificate2 certificate) =>
        $"# {string.Concat(certificate.Subject.Select(c => char.IsAscii(c) && !char.IsControl(c) ? c : '?'))}";
}
