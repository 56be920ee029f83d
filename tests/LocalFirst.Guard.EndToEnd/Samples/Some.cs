using System.Globalization;
using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;

namespace LocalFirst.Guard.EndToEnd.Samples;

/// <summary>Makes prompts that hold what must not leave.</summary>
internal static class Some
{
    private const string Base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    /// <summary>A prompt without anything to keep, and different each time: no cache can answer for the inspection.</summary>
    public static string CleanPrompt() => $"Explain in one sentence why the sky is blue. Variant {RandomNumberGenerator.GetHexString(12, lowercase: true)}.";

    /// <summary>A GitHub token of the classic form, with the checksum that makes it one: the last six characters are the CRC-32 of the thirty before, in base 62.</summary>
    public static string GitHubToken()
    {
        var body = RandomNumberGenerator.GetString(Base62, 30);
        var checksum = Crc32.HashToUInt32(Encoding.ASCII.GetBytes(body));
        var digits = "";
        for (var left = checksum; left > 0; left /= 62)
        {
            digits = Base62[(int)(left % 62)] + digits;
        }

        return $"ghp_{body}{digits.PadLeft(6, '0')}";
    }

    /// <summary>A payment card number with a valid Luhn digit, in groups of four.</summary>
    public static string CardNumber()
    {
        var digits = "4539" + RandomNumberGenerator.GetString("0123456789", 11);
        var sum = digits.Reverse().Select((c, at) => (Digit: c - '0', Doubled: at % 2 == 0)).Sum(d => d.Doubled ? (d.Digit * 2 / 10) + (d.Digit * 2 % 10) : d.Digit);
        digits += ((10 - (sum % 10)) % 10).ToString(CultureInfo.InvariantCulture);
        return string.Join(' ', digits.Chunk(4).Select(four => new string(four)));
    }
}
