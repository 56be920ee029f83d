using System.IO.Hashing;
using System.Text;

namespace LocalFirst.Guard.Demo;

/// <summary>Makes a token of GitHub's published form: 30 characters and the CRC-32 of them in six base-62 digits ("Behind GitHub's new authentication token formats", 2021-04-05).</summary>
internal static class Crc32Token
{
    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    /// <param name="entropy">30 letters or digits.</param>
    public static string Make(string entropy)
    {
        var checksum = Crc32.HashToUInt32(Encoding.ASCII.GetBytes(entropy));
        Span<char> digits = stackalloc char[6];
        for (var i = digits.Length - 1; i >= 0; i--)
        {
            digits[i] = Digits[(int)(checksum % 62)];
            checksum /= 62;
        }

        return entropy + new string(digits);
    }
}
