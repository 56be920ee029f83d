using System.Buffers;
using System.Globalization;
using System.Text;

namespace LocalFirst.Guard.Interception.Connect;

/// <summary>A parsed CONNECT request (RFC 9110 §9.3.6).</summary>
/// <param name="Host">Destination.</param>
/// <param name="Port">Destination port, 1…65535.</param>
internal sealed record ConnectRequest(HostName Host, int Port)
{
    /// <summary>Cap of the whole request head in bytes: proxies' usual header limit, and far above what clients send.</summary>
    public const int MaxHeadBytes = 16 * 1024;

    /// <summary>How far reading a CONNECT head has come.</summary>
    public enum ReadState
    {
        /// <summary>Not a CONNECT request at all.</summary>
        NotConnect,

        /// <summary>More bytes are needed.</summary>
        NeedMore,

        /// <summary>Whole; the request may still be malformed.</summary>
        Whole,

        /// <summary>The head is larger than <see cref="MaxHeadBytes"/>.</summary>
        TooLarge,
    }

    private static readonly SearchValues<char> NotInAuthority = SearchValues.Create("@/?#\\ ");

    private static ReadOnlySpan<byte> Verb => "CONNECT "u8;

    private static ReadOnlySpan<byte> EndOfHead => "\r\n\r\n"u8;

    /// <summary>Reads a head from the start of a connection.</summary>
    /// <param name="buffer">What came so far.</param>
    /// <param name="request">The request, when whole and well-formed; null when whole and malformed.</param>
    /// <param name="consumed">The end of the head, when whole.</param>
    public static ReadState TryRead(ReadOnlySequence<byte> buffer, out ConnectRequest? request, out SequencePosition consumed)
    {
        request = null;
        consumed = buffer.Start;

        Span<byte> start = stackalloc byte[8];
        var have = (int)Math.Min(buffer.Length, Verb.Length);
        buffer.Slice(0, have).CopyTo(start);
        if (!Verb.StartsWith(start[..have]))
        {
            return ReadState.NotConnect;
        }

        var reader = new SequenceReader<byte>(buffer);
        if (!reader.TryReadTo(out ReadOnlySequence<byte> head, EndOfHead))
        {
            return buffer.Length > MaxHeadBytes ? ReadState.TooLarge : ReadState.NeedMore;
        }

        if (head.Length > MaxHeadBytes)
        {
            return ReadState.TooLarge;
        }

        consumed = reader.Position;
        request = Parse(head.ToArray());
        return ReadState.Whole;
    }

    private static ConnectRequest? Parse(ReadOnlySpan<byte> head)
    {
        var lineEnd = head.IndexOf("\r\n"u8);
        var line = lineEnd < 0 ? head : head[..lineEnd];
        if (line.ContainsAnyExceptInRange((byte)0x20, (byte)0x7e) || !HeadersAreSane(lineEnd < 0 ? [] : head[(lineEnd + 2)..]))
        {
            return null;
        }

        var parts = Encoding.ASCII.GetString(line).Split(' ');
        if (parts.Length != 3 || parts[2] is not ("HTTP/1.1" or "HTTP/1.0"))
        {
            return null;
        }

        return ParseAuthority(parts[1]);
    }

    /// <summary>Parses <c>host:port</c>; a user-info part, a path or a missing port is malformed.</summary>
    internal static ConnectRequest? ParseAuthority(string authority)
    {
        var colon = authority.LastIndexOf(':');
        if (colon <= 0
            || authority.AsSpan().ContainsAny(NotInAuthority)
            || authority.Length - colon - 1 is 0 or > 5
            || authority.AsSpan(colon + 1).ContainsAnyExceptInRange('0', '9'))
        {
            return null;
        }

        var port = int.Parse(authority.AsSpan(colon + 1), CultureInfo.InvariantCulture);
        return port is > 0 and <= ushort.MaxValue && HostName.TryParse(authority[..colon]) is { } host ? new ConnectRequest(host, port) : null;
    }

    /// <summary>A bare CR or LF, a NUL or a folded line (RFC 9112 §2.2, §5.2) makes the head mean different things to different readers.</summary>
    private static bool HeadersAreSane(ReadOnlySpan<byte> headers)
    {
        while (!headers.IsEmpty)
        {
            var end = headers.IndexOf("\r\n"u8);
            var line = end < 0 ? headers : headers[..end];
            if (line.IsEmpty || line[0] is (byte)' ' or (byte)'\t' || line.IndexOf((byte)':') <= 0 || line.ContainsAny((byte)0, (byte)'\r', (byte)'\n'))
            {
                return false;
            }

            headers = end < 0 ? [] : headers[(end + 2)..];
        }

        return true;
    }
}
