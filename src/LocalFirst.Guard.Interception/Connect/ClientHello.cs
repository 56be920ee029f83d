using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace LocalFirst.Guard.Interception.Connect;

/// <summary>What the first bytes of a tunnel are.</summary>
internal enum FirstFlight
{
    /// <summary>More bytes are needed to tell.</summary>
    NeedMore,

    /// <summary>Not TLS: the first byte is no handshake record's.</summary>
    NotTls,

    /// <summary>
    /// Begins as a TLS handshake, but is no ClientHello that can be read here: oversized, malformed, or framed in a way that a lenient server
    /// may still take. Whom it asks for is not known.
    /// </summary>
    UnreadableTls,

    /// <summary>A ClientHello without server name.</summary>
    TlsWithoutName,

    /// <summary>A ClientHello with a server name.</summary>
    TlsWithName,
}

/// <summary>
/// Reads the server name (RFC 6066 §3) out of a TLS ClientHello (RFC 8446 §4.1.2), which may span records and packets, without taking part
/// in the handshake. Hostile input: every length is checked, nothing is allocated beyond the hello's bound.
/// </summary>
internal static class ClientHello
{
    /// <summary>A ClientHello with post-quantum key shares is below 3 KB; beyond 16 KB it is no honest one.</summary>
    public const int MaxBytes = 16 * 1024;

    private const int RecordHeader = 5;
    private const byte HandshakeRecord = 0x16;
    private const byte ClientHelloMessage = 0x01;
    private const ushort ServerNameExtension = 0;

    /// <summary>Looks at what the client sent first.</summary>
    /// <param name="buffer">The bytes so far.</param>
    /// <param name="serverName">The name, when there is one.</param>
    public static FirstFlight Read(ReadOnlySequence<byte> buffer, out string? serverName)
    {
        serverName = null;
        var bytes = buffer.Slice(0, Math.Min(buffer.Length, MaxBytes)).ToArray();
        var flight = Unwrap(bytes, out var message);
        if (flight is not FirstFlight.TlsWithoutName)
        {
            return flight is FirstFlight.NeedMore && buffer.Length >= MaxBytes ? FirstFlight.UnreadableTls : flight;
        }

        if (!TryFindServerName(message, out serverName))
        {
            return FirstFlight.UnreadableTls;
        }

        return serverName is null ? FirstFlight.TlsWithoutName : FirstFlight.TlsWithName;
    }

    /// <summary>Joins handshake records until the whole ClientHello is there.</summary>
    private static FirstFlight Unwrap(ReadOnlySpan<byte> bytes, out byte[] message)
    {
        message = [];
        if (!bytes.IsEmpty && bytes[0] != HandshakeRecord)
        {
            return FirstFlight.NotTls;
        }

        var joined = new List<byte>();
        while (true)
        {
            if (bytes.IsEmpty || (bytes.Length < RecordHeader && bytes[0] == HandshakeRecord))
            {
                return FirstFlight.NeedMore;
            }

            if (bytes[0] != HandshakeRecord || bytes[1] != 3)
            {
                return FirstFlight.UnreadableTls;
            }

            var length = BinaryPrimitives.ReadUInt16BigEndian(bytes[3..]);
            var body = bytes[RecordHeader..];
            joined.AddRange(body[..Math.Min(length, body.Length)]);
            if (joined.Count >= 4)
            {
                if (joined[0] != ClientHelloMessage)
                {
                    return FirstFlight.UnreadableTls;
                }

                var wanted = 4 + ((joined[1] << 16) | (joined[2] << 8) | joined[3]);
                if (wanted > MaxBytes)
                {
                    return FirstFlight.UnreadableTls;
                }

                if (joined.Count >= wanted)
                {
                    message = joined.GetRange(4, wanted - 4).ToArray();
                    return FirstFlight.TlsWithoutName;
                }
            }

            if (length == 0 || body.Length < length)
            {
                return length == 0 ? FirstFlight.UnreadableTls : FirstFlight.NeedMore;
            }

            bytes = body[length..];
        }
    }

    private static bool TryFindServerName(ReadOnlySpan<byte> hello, out string? serverName)
    {
        serverName = null;
        const int versionAndRandom = 2 + 32;
        if (hello.Length < versionAndRandom
            || !TryTake(hello[versionAndRandom..], 1, out _, out var rest)
            || !TryTake(rest, 2, out _, out rest)
            || !TryTake(rest, 1, out _, out rest))
        {
            return false;
        }

        if (rest.IsEmpty)
        {
            return true;
        }

        if (!TryTake(rest, 2, out var extensions, out _))
        {
            return false;
        }

        while (!extensions.IsEmpty)
        {
            if (extensions.Length < 4)
            {
                return false;
            }

            var type = BinaryPrimitives.ReadUInt16BigEndian(extensions);
            if (!TryTake(extensions[2..], 2, out var data, out extensions))
            {
                return false;
            }

            if (type == ServerNameExtension)
            {
                return TryReadName(data, out serverName);
            }
        }

        return true;
    }

    private static bool TryReadName(ReadOnlySpan<byte> data, out string? serverName)
    {
        serverName = null;
        if (!TryTake(data, 2, out var list, out _) || list.IsEmpty || list[0] != 0 || !TryTake(list[1..], 2, out var name, out _) || name.IsEmpty)
        {
            return false;
        }

        serverName = Encoding.ASCII.GetString(name);
        return true;
    }

    private static bool TryTake(ReadOnlySpan<byte> bytes, int lengthBytes, out ReadOnlySpan<byte> taken, out ReadOnlySpan<byte> rest)
    {
        taken = default;
        rest = default;
        if (bytes.Length < lengthBytes)
        {
            return false;
        }

        var length = lengthBytes == 1 ? bytes[0] : BinaryPrimitives.ReadUInt16BigEndian(bytes);
        if (bytes.Length < lengthBytes + length)
        {
            return false;
        }

        taken = bytes.Slice(lengthBytes, length);
        rest = bytes[(lengthBytes + length)..];
        return true;
    }
}
