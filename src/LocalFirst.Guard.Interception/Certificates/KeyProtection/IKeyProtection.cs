using System.Security.Cryptography;

namespace LocalFirst.Guard.Interception.Certificates.KeyProtection;

/// <summary>How the intermediate's key is kept from others on this system.</summary>
internal interface IKeyProtection
{
    /// <summary>For people: what protects it.</summary>
    string Description { get; }

    /// <summary>The key as one PEM block that only this user of this machine can read back.</summary>
    /// <param name="pkcs8">The key; the caller clears it.</param>
    string Protect(ReadOnlySpan<byte> pkcs8);

    /// <summary>Reads the key back.</summary>
    /// <param name="pem">A file with the block in it, ASCII.</param>
    /// <returns>PKCS#8; the caller clears it.</returns>
    /// <exception cref="CryptographicException">There is no such block, or it is another user's or machine's.</exception>
    byte[] Unprotect(ReadOnlySpan<byte> pem);
}

/// <summary>Chooses by system.</summary>
internal static class KeyProtections
{
    public static IKeyProtection OfThisSystem() =>
        OperatingSystem.IsWindows() ? new WindowsDataProtection()
        : OperatingSystem.IsMacOS() ? new MacKeychainProtection()
        : new FileModeProtection();

    /// <summary>The bytes of one PEM block.</summary>
    internal static byte[] Block(ReadOnlySpan<byte> pem, string label)
    {
        var rest = pem;
        while (PemEncoding.TryFindUtf8(rest, out var fields))
        {
            if (System.Text.Encoding.ASCII.GetString(rest[fields.Label]) == label)
            {
                return Convert.FromBase64String(System.Text.Encoding.ASCII.GetString(rest[fields.Base64Data]));
            }

            rest = rest[fields.Location.End.GetOffset(rest.Length)..];
        }

        throw new CryptographicException("The key is missing.");
    }
}
