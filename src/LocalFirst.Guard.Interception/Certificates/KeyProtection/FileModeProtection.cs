using System.Security.Cryptography;

namespace LocalFirst.Guard.Interception.Certificates.KeyProtection;

/// <summary>Linux: the file's mode, 0600 in a folder of 0700.</summary>
internal sealed class FileModeProtection : IKeyProtection
{
    private const string Label = "PRIVATE KEY";

    public string Description => "a file that its owner alone can read (0600)";

    public string Protect(ReadOnlySpan<byte> pkcs8) => PemEncoding.WriteString(Label, pkcs8);

    public byte[] Unprotect(ReadOnlySpan<byte> pem) => KeyProtections.Block(pem, Label);
}
