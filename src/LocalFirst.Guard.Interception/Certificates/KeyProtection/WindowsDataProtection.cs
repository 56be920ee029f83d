using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace LocalFirst.Guard.Interception.Certificates.KeyProtection;

/// <summary>
/// Windows: DPAPI for the current user (CryptProtectData, Win32 reference). Not run yet on that system.
/// </summary>
internal sealed class WindowsDataProtection : IKeyProtection
{
    private const string Label = "LOCALFIRST-GUARD DPAPI KEY";

    /// <summary>CRYPTPROTECT_UI_FORBIDDEN: the broker has no window.</summary>
    private const int NoWindow = 1;

    public string Description => "Windows data protection (DPAPI) for this user";

    public string Protect(ReadOnlySpan<byte> pkcs8) => PemEncoding.WriteString(Label, Call(pkcs8, protect: true));

    public byte[] Unprotect(ReadOnlySpan<byte> pem) => Call(KeyProtections.Block(pem, Label), protect: false);

    private static unsafe byte[] Call(ReadOnlySpan<byte> data, bool protect)
    {
        fixed (byte* start = data)
        {
            var input = new Blob { Length = data.Length, Data = (nint)start };
            var done = protect
                ? CryptProtectData(ref input, null, 0, 0, 0, NoWindow, out var output)
                : CryptUnprotectData(ref input, 0, 0, 0, 0, NoWindow, out output);
            if (!done)
            {
                throw new CryptographicException(Marshal.GetLastPInvokeError());
            }

            try
            {
                var result = new Span<byte>((void*)output.Data, output.Length);
                var copy = result.ToArray();
                CryptographicOperations.ZeroMemory(result);
                return copy;
            }
            finally
            {
                LocalFree(output.Data);
            }
        }
    }

    [DllImport("crypt32", SetLastError = true, CharSet = CharSet.Unicode)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool CryptProtectData(ref Blob input, string? description, nint entropy, nint reserved, nint prompt, int flags, out Blob output);

    [DllImport("crypt32", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static extern bool CryptUnprotectData(ref Blob input, nint description, nint entropy, nint reserved, nint prompt, int flags, out Blob output);

    [DllImport("kernel32")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern nint LocalFree(nint memory);

    [StructLayout(LayoutKind.Sequential)]
    private struct Blob
    {
        public int Length;
        public nint Data;
    }
}
