using System.Globalization;

namespace LocalFirst.Guard.Audit.Notes;

/// <summary>
/// Numbers and hashes as notes and requests write them: one way only. Where one value could be written in two ways, two parts of a program could take
/// one thing for two, or two for one.
/// </summary>
internal static class StrictText
{
    /// <summary>Largest size or epoch: 2^53 − 1, the largest integer that every JSON reader keeps (RFC 8785 §3.2.2.3). No log gets there.</summary>
    public const long MaxNumber = (1L << 53) - 1;

    /// <summary>A decimal number from 0 to <see cref="MaxNumber"/> without sign, leading zero or white space.</summary>
    public static bool TryParseNumber(ReadOnlySpan<char> text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= MaxNumber && (text[0] != '0' || text.Length == 1);

    /// <summary>Base64 (RFC 4648 §4) with its padding, without white space and with zero in the bits that are left over.</summary>
    /// <exception cref="FormatException">Not written so.</exception>
    public static byte[] FromBase64(string text)
    {
        var bytes = Convert.FromBase64String(text);
        return Convert.ToBase64String(bytes) == text ? bytes : throw new FormatException("The base64 text is not in its one canonical form.");
    }

    /// <summary>Eight lower-case hex digits.</summary>
    public static bool TryParseKeyId(string text, out uint id)
    {
        id = 0;
        return text.Length == 8 && text.All(char.IsAsciiHexDigitLower) && uint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out id);
    }
}
