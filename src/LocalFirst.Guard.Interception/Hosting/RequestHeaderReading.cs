using System.Text;

namespace LocalFirst.Guard.Interception;

/// <summary>
/// Two request headers that Kestrel reads more loosely than a proxy may, set right where it decodes their bytes
/// (<c>KestrelServerOptions.RequestHeaderEncodingSelector</c>).
/// </summary>
internal static class RequestHeaderReading
{
    private static readonly RewritingEncoding ContentLength = new(OnlyDigits);
    private static readonly RewritingEncoding Connection = new(KeepOwnOptions);

    /// <summary>The decoding of a header; null leaves it to Kestrel.</summary>
    /// <param name="name">Header name.</param>
    public static Encoding? Select(string name) =>
        name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase) ? ContentLength
        : name.Equals("Connection", StringComparison.OrdinalIgnoreCase) ? Connection
        : null;

    /// <summary>Kestrel takes <c>+5</c> for 5; RFC 9110 §8.6 says 1*DIGIT. What is no digit becomes an <c>x</c>, and Kestrel answers 400.</summary>
    internal static string OnlyDigits(string value) =>
        string.Create(value.Length, value, static (target, source) =>
        {
            for (var i = 0; i < source.Length; i++)
            {
                target[i] = char.IsAsciiDigit(source[i]) ? source[i] : 'x';
            }
        });

    /// <summary>
    /// Kestrel shortens <c>keep-alive, X-Name</c> to <c>keep-alive</c>, and the named field would be forwarded (RFC 9110 §7.6.1 forbids it). The
    /// options that Kestrel knows are therefore left out beside one that it does not: keep-alive is HTTP/1.1's default, Upgrade is refused by its
    /// own header, and a client that says close closes.
    /// </summary>
    internal static string KeepOwnOptions(string value)
    {
        var options = value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var own = options.Where(o => !IsKnown(o)).ToArray();
        return own.Length == 0 ? value : string.Join(", ", own);
    }

    private static bool IsKnown(string option) =>
        option.Equals("keep-alive", StringComparison.OrdinalIgnoreCase)
        || option.Equals("close", StringComparison.OrdinalIgnoreCase)
        || option.Equals("upgrade", StringComparison.OrdinalIgnoreCase);

    /// <summary>Latin-1, then a rewriting of the text.</summary>
    private sealed class RewritingEncoding(Func<string, string> rewrite) : Encoding
    {
        public override int GetByteCount(char[] chars, int index, int count) => Latin1.GetByteCount(chars, index, count);

        public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex) =>
            Latin1.GetBytes(chars, charIndex, charCount, bytes, byteIndex);

        public override int GetCharCount(byte[] bytes, int index, int count) => rewrite(Latin1.GetString(bytes, index, count)).Length;

        public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex)
        {
            var text = rewrite(Latin1.GetString(bytes, byteIndex, byteCount));
            text.CopyTo(0, chars, charIndex, text.Length);
            return text.Length;
        }

        public override int GetMaxByteCount(int charCount) => charCount;

        public override int GetMaxCharCount(int byteCount) => byteCount;
    }
}
