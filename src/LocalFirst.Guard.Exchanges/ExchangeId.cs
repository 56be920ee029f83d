using System.Buffers.Binary;
using System.Security.Cryptography;

namespace LocalFirst.Guard.Exchanges;

/// <summary>
/// Ids of exchanges: 48 bits of Unix milliseconds and 80 random bits in Crockford's base 32, 26 characters, sortable by time
/// (the ULID specification's form).
/// </summary>
public static class ExchangeId
{
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    /// <summary>A fresh id.</summary>
    /// <param name="now">The time that it carries.</param>
    public static string New(DateTimeOffset now)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(bytes, now.ToUnixTimeMilliseconds() << 16);
        RandomNumberGenerator.Fill(bytes[6..]);

        var value = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        Span<char> text = stackalloc char[26];
        for (var i = text.Length - 1; i >= 0; i--)
        {
            text[i] = Alphabet[(int)(value & 31)];
            value >>= 5;
        }

        return new string(text);
    }
}
