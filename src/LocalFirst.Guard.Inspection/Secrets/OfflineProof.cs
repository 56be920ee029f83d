using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;

namespace LocalFirst.Guard.Inspection.Secrets;

/// <summary>Proves from the value alone that a provider made it. Nothing is ever asked over the network: asking would send the secret.</summary>
/// <param name="value">The whole value, prefix included.</param>
/// <returns>Whether the proof holds.</returns>
internal delegate bool OfflineProof(ReadOnlySpan<char> value);

/// <summary>The proofs, by the name that rules use.</summary>
internal static class OfflineProofs
{
    private const string Base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const string Bech32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

    // A header is a few dozen bytes; certificates in it ("x5c") make it a few thousand.
    private const int LongestJsonHeader = 8192;

    /// <summary>The names that rules may use.</summary>
    public static IReadOnlyDictionary<string, OfflineProof> ByName { get; } = new Dictionary<string, OfflineProof>(StringComparer.Ordinal)
    {
        ["crc32-base62"] = Crc32InBase62,
        ["crc32-hex-grafana"] = GrafanaCrc32,
        ["bech32"] = Bech32Checksum,
        ["jwt-header"] = JwtHeader,
        ["json-base64"] = JsonInBase64,
        ["aws-account"] = AwsAccount,
    };

    /// <summary>
    /// The last six characters are the CRC-32 of what stands between prefix and them, in base 62 with leading zeros ("Behind GitHub's new
    /// authentication token formats", github.blog, 5 April 2021; npm's tokens do the same, github.blog, 23 September 2021).
    /// </summary>
    private static bool Crc32InBase62(ReadOnlySpan<char> value)
    {
        var body = value[(value.LastIndexOf('_') + 1)..];
        if (body.Length <= 6)
        {
            return false;
        }

        ulong claimed = 0;
        foreach (var digit in body[^6..])
        {
            var number = Base62.IndexOf(digit, StringComparison.Ordinal);
            if (number < 0)
            {
                return false;
            }

            claimed = (claimed * 62) + (ulong)number;
        }

        return claimed == Crc32Of(body[..^6]);
    }

    /// <summary>Eight hexadecimal digits: the CRC-32, least byte first, of all before the last underscore (Grafana, <c>pkg/components/satokengen</c>).</summary>
    private static bool GrafanaCrc32(ReadOnlySpan<char> value)
    {
        var underscore = value.LastIndexOf('_');
        return underscore > 0
            && uint.TryParse(value[(underscore + 1)..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var claimed)
            && BinaryPrimitives.ReverseEndianness(claimed) == Crc32Of(value[..underscore]);
    }

    /// <summary>The checksum of BIP 173 over human-readable part and data; age's keys carry it.</summary>
    private static bool Bech32Checksum(ReadOnlySpan<char> value)
    {
        var separator = value.LastIndexOf('1');
        if (separator < 1)
        {
            return false;
        }

        uint checksum = 1;
        foreach (var character in value[..separator])
        {
            checksum = Bech32Step(checksum, (uint)char.ToLowerInvariant(character) >> 5);
        }

        checksum = Bech32Step(checksum, 0);
        foreach (var character in value[..separator])
        {
            checksum = Bech32Step(checksum, (uint)char.ToLowerInvariant(character) & 31);
        }

        foreach (var character in value[(separator + 1)..])
        {
            var number = Bech32.IndexOf(char.ToLowerInvariant(character), StringComparison.Ordinal);
            if (number < 0)
            {
                return false;
            }

            checksum = Bech32Step(checksum, (uint)number);
        }

        return checksum == 1;
    }

    private static uint Bech32Step(uint checksum, uint value)
    {
        ReadOnlySpan<uint> generator = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
        var top = checksum >> 25;
        checksum = ((checksum & 0x1ffffff) << 5) ^ value;
        for (var bit = 0; bit < generator.Length; bit++)
        {
            checksum ^= ((top >> bit) & 1) * generator[bit];
        }

        return checksum;
    }

    /// <summary>The first part of a JSON Web Token is base64url of a JSON object that names its algorithm (RFC 7515 section 4.1.1).</summary>
    private static bool JwtHeader(ReadOnlySpan<char> value)
    {
        var dot = value.IndexOf('.');
        return dot > 0 && DecodesToJson(value[..dot], "alg");
    }

    /// <summary>From the first <c>eyJ</c> on, up to a dot, underscore or the end, stands base64 of a JSON object.</summary>
    private static bool JsonInBase64(ReadOnlySpan<char> value)
    {
        var start = value.IndexOf("eyJ", StringComparison.Ordinal);
        if (start < 0)
        {
            return false;
        }

        var body = value[start..];
        var end = body.IndexOfAny('.', '_');
        return DecodesToJson(end < 0 ? body : body[..end], property: null);
    }

    /// <summary>
    /// The five characters after the first four hold the account number, below 10^12 (the encoding is visible by comparing
    /// <c>sts:GetAccessKeyInfo</c> with the id). Keys from before 2019, whose fifth character is I or J, hold none.
    /// </summary>
    private static bool AwsAccount(ReadOnlySpan<char> value)
    {
        if (value.Length < 14)
        {
            return false;
        }

        if (value[4] is 'I' or 'J')
        {
            return true;
        }

        ulong bits = 0;
        foreach (var character in value[4..14])
        {
            var number = char.IsAsciiLetterUpper(character) ? character - 'A' : character - '2' + 26;
            bits = (bits << 5) | (uint)number;
        }

        // 50 bits are read; the account is bits 1 to 40 of the first 48.
        return ((bits >> 2 >> 7) & 0xff_ffff_ffff) < 1_000_000_000_000;
    }

    private static bool DecodesToJson(ReadOnlySpan<char> encoded, string? property)
    {
        encoded = encoded.TrimEnd('=');
        if (encoded.Length is 0 or > LongestJsonHeader)
        {
            return encoded.Length > LongestJsonHeader && property is null;
        }

        Span<byte> bytes = stackalloc byte[LongestJsonHeader];
        Span<char> standard = stackalloc char[LongestJsonHeader + 4];
        encoded.CopyTo(standard);
        standard[..encoded.Length].Replace('-', '+');
        standard[..encoded.Length].Replace('_', '/');
        var length = encoded.Length;
        while (length % 4 != 0)
        {
            standard[length++] = '=';
        }

        if (!Convert.TryFromBase64Chars(standard[..length], bytes, out var written))
        {
            return false;
        }

        try
        {
            var reader = new Utf8JsonReader(bytes[..written]);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return false;
            }

            var found = property is null;
            while (reader.Read())
            {
                found |= property is not null && reader.CurrentDepth == 1 && reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals(property);
            }

            return found;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>CRC-32 as in ISO 3309, bit by bit: a token has some forty characters, a table would not pay.</summary>
    private static uint Crc32Of(ReadOnlySpan<char> ascii)
    {
        var checksum = uint.MaxValue;
        foreach (var character in ascii)
        {
            checksum ^= character;
            for (var bit = 0; bit < 8; bit++)
            {
                checksum = (checksum >> 1) ^ (0xEDB88320u & (uint)-(int)(checksum & 1));
            }
        }

        return ~checksum;
    }
}
