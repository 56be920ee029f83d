using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace LocalFirst.Guard.Interception.Certificates.KeyProtection;

/// <summary>
/// macOS: a random key in the login keychain encrypts the file's key (AES-256-GCM), so that a copy of the home folder is worth nothing. Apple's Keychain
/// Services, SecKeychainAddGenericPassword: the item is this program's. Not run yet on that system.
/// </summary>
internal sealed class MacKeychainProtection : IKeyProtection
{
    private const string Label = "LOCALFIRST-GUARD KEYCHAIN KEY";
    private const string Security = "/System/Library/Frameworks/Security.framework/Security";
    private const int NotFound = -25300; // errSecItemNotFound
    private const int KeyLength = 32;
    private const int NonceLength = 12;
    private const int TagLength = 16;

    private static readonly byte[] Service = "LocalFirst.Guard"u8.ToArray();
    private static readonly byte[] Account = "certificate-authority"u8.ToArray();

    public string Description => "a key in the login keychain";

    public string Protect(ReadOnlySpan<byte> pkcs8)
    {
        var key = Find() ?? Add();
        try
        {
            return PemEncoding.WriteString(Label, Seal(key, pkcs8));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    public byte[] Unprotect(ReadOnlySpan<byte> pem)
    {
        var key = Find() ?? throw new CryptographicException("The keychain does not hold the key of this authority.");
        try
        {
            return Open(key, KeyProtections.Block(pem, Label));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    internal static byte[] Seal(ReadOnlySpan<byte> key, ReadOnlySpan<byte> plain)
    {
        var sealedBytes = new byte[NonceLength + TagLength + plain.Length];
        RandomNumberGenerator.Fill(sealedBytes.AsSpan(0, NonceLength));
        using var aes = new AesGcm(key, TagLength);
        aes.Encrypt(sealedBytes.AsSpan(0, NonceLength), plain, sealedBytes.AsSpan(NonceLength + TagLength), sealedBytes.AsSpan(NonceLength, TagLength), Encoding.ASCII.GetBytes(Label));
        return sealedBytes;
    }

    internal static byte[] Open(ReadOnlySpan<byte> key, ReadOnlySpan<byte> sealedBytes)
    {
        if (sealedBytes.Length < NonceLength + TagLength)
        {
            throw new CryptographicException("The key is cut off.");
        }

        var plain = new byte[sealedBytes.Length - NonceLength - TagLength];
        using var aes = new AesGcm(key, TagLength);
        aes.Decrypt(sealedBytes[..NonceLength], sealedBytes[(NonceLength + TagLength)..], sealedBytes.Slice(NonceLength, TagLength), plain, Encoding.ASCII.GetBytes(Label));
        return plain;
    }

    private static byte[]? Find()
    {
        var status = SecKeychainFindGenericPassword(0, (uint)Service.Length, Service, (uint)Account.Length, Account, out var length, out var data, 0);
        if (status == NotFound)
        {
            return null;
        }

        if (status != 0)
        {
            throw new CryptographicException(status);
        }

        try
        {
            var key = new byte[length];
            Marshal.Copy(data, key, 0, key.Length);
            return key;
        }
        finally
        {
            _ = SecKeychainItemFreeContent(0, data);
        }
    }

    private static byte[] Add()
    {
        var key = RandomNumberGenerator.GetBytes(KeyLength);
        var status = SecKeychainAddGenericPassword(0, (uint)Service.Length, Service, (uint)Account.Length, Account, (uint)key.Length, key, 0);
        return status == 0 ? key : throw new CryptographicException(status);
    }

    [DllImport(Security)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SecKeychainAddGenericPassword(nint keychain, uint serviceLength, byte[] service, uint accountLength, byte[] account, uint length, byte[] data, nint item);

    [DllImport(Security)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SecKeychainFindGenericPassword(nint keychain, uint serviceLength, byte[] service, uint accountLength, byte[] account, out uint length, out nint data, nint item);

    [DllImport(Security)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SecKeychainItemFreeContent(nint attributes, nint data);
}
