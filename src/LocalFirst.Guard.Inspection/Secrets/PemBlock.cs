namespace LocalFirst.Guard.Inspection.Secrets;

/// <summary>Private keys in PEM armour (RFC 7468, RFC 1421 for the older headers, RFC 9580 for OpenPGP).</summary>
internal static class PemBlock
{
    private const string Dashes = "-----";
    private const string EndMark = "-----END ";
    private const int LongestLabel = 48;

    // An RSA key of 16,384 bits has 12 KB of armour; an OpenPGP key with its signatures may have more.
    private const int LongestBlock = 128 * 1024;

    // An Ed25519 key (the shortest) has 64 characters of body. A header alone stands in every program that reads keys.
    private const int ShortestBody = 60;

    /// <summary>Matches a block.</summary>
    /// <param name="text">The text.</param>
    /// <param name="start">Where <c>-----BEGIN </c> starts.</param>
    /// <param name="labelStart">One past it.</param>
    /// <param name="verified">Whether the body decodes to the start of a key.</param>
    /// <param name="work">Characters looked at.</param>
    /// <returns>The span of the block; a block that is cut off ends where its body does. Null when it is none.</returns>
    public static (int Start, int End)? Match(ReadOnlySpan<char> text, int start, int labelStart, out bool verified, out int work)
    {
        verified = false;
        work = LongestLabel;
        var label = text[labelStart..Math.Min(text.Length, labelStart + LongestLabel)];
        var labelEnd = label.IndexOf(Dashes, StringComparison.Ordinal);
        if (labelEnd < 0 || !label[..labelEnd].Contains("PRIVATE KEY", StringComparison.Ordinal))
        {
            return null;
        }

        var bodyStart = labelStart + labelEnd + Dashes.Length;
        var rest = text[bodyStart..Math.Min(text.Length, bodyStart + LongestBlock)];
        var close = rest.IndexOf(Dashes, StringComparison.Ordinal);
        work += close < 0 ? rest.Length : close;

        var isClosed = close >= 0 && rest[close..].StartsWith(EndMark, StringComparison.Ordinal);
        var body = rest[..(close < 0 ? rest.Length : close)];
        var bodyEnd = isClosed ? body.Length : CutOff(body);
        if (!Decode(body[..bodyEnd], out verified))
        {
            return null;
        }

        var end = bodyStart + bodyEnd;
        if (isClosed)
        {
            // Up to the dashes after the end label.
            var tail = rest[(close + EndMark.Length)..Math.Min(rest.Length, close + EndMark.Length + LongestLabel)].IndexOf(Dashes, StringComparison.Ordinal);
            end = bodyStart + close + EndMark.Length + (tail < 0 ? 0 : tail + Dashes.Length);
        }

        return (start, end);
    }

    /// <summary>Where a body without an end mark stops: at the first character that neither base64, an old header nor a quoted line has.</summary>
    private static int CutOff(ReadOnlySpan<char> body)
    {
        var at = 0;
        while (at < body.Length && (char.IsAsciiLetterOrDigit(body[at]) || "+/=\r\n\t \\\"',:-".Contains(body[at], StringComparison.Ordinal)))
        {
            at++;
        }

        return at;
    }

    /// <summary>Whether the body is long enough to be a key, and whether its first bytes are those of one.</summary>
    private static bool Decode(ReadOnlySpan<char> body, out bool verified)
    {
        verified = false;
        Span<char> first = stackalloc char[ShortestBody];
        var count = 0;
        var lines = body.EnumerateLines();
        foreach (var line in lines)
        {
            // "Proc-Type: 4,ENCRYPTED", "Version: …": headers, no body.
            if (line.Contains(':'))
            {
                continue;
            }

            for (var at = 0; at < line.Length && count < ShortestBody; at++)
            {
                // A program text quotes its lines and writes "\n" at their ends.
                if (line[at] == '\\')
                {
                    at++;
                    continue;
                }

                if (char.IsAsciiLetterOrDigit(line[at]) || line[at] is '+' or '/')
                {
                    first[count++] = line[at];
                }
            }
        }

        if (count < ShortestBody)
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[ShortestBody];
        if (Convert.TryFromBase64Chars(first, bytes, out var written))
        {
            // DER SEQUENCE with a short, one-byte or two-byte length; or OpenSSH's own magic; or an OpenPGP secret key packet.
            verified = bytes is [0x30, 0x81 or 0x82, ..] or [0x30, 0x2e or 0x77 or 0x74 or 0x6b or 0x53, ..]
                || bytes[..written].StartsWith("openssh-key-v1\0"u8)
                || bytes is [0x94 or 0x95 or 0xc5, ..];
        }

        return PlaceholderFilter.Entropy(first) >= 3;
    }
}
