using System.Buffers.Binary;
using System.Net.Security;
using System.Text;
using LocalFirst.Guard.EndToEnd.Broker;

namespace LocalFirst.Guard.EndToEnd.Interception.Attacks;

/// <summary>HTTP/2 error codes (RFC 9113 §7).</summary>
internal enum H2Error
{
    NO_ERROR,
    PROTOCOL_ERROR,
    INTERNAL_ERROR,
    FLOW_CONTROL_ERROR,
    SETTINGS_TIMEOUT,
    STREAM_CLOSED,
    FRAME_SIZE_ERROR,
    REFUSED_STREAM,
    CANCEL,
    COMPRESSION_ERROR,
    CONNECT_ERROR,
    ENHANCE_YOUR_CALM,
    INADEQUATE_SECURITY,
    HTTP_1_1_REQUIRED,
}

/// <summary>Frame types (RFC 9113 §6).</summary>
internal enum Frame : byte
{
    Data,
    Headers,
    Priority,
    RstStream,
    Settings,
    PushPromise,
    Ping,
    GoAway,
    WindowUpdate,
    Continuation,
}

/// <summary>
/// An HTTP/2 client without manners inside the broker's TLS: it writes the frames that a case asks for, whether or not RFC 9113 has them, and says
/// how each stream ended.
/// </summary>
internal sealed class Http2Wire : IAsyncDisposable
{
    public const byte EndStream = 0x1;
    public const byte Ack = 0x1;
    public const byte EndHeaders = 0x4;
    public const byte Padded = 0x8;

    private readonly RawConnection _connection;

    private Http2Wire(RawConnection connection)
    {
        _connection = connection;
    }

    /// <summary>Of the last stream that was answered.</summary>
    public int BodyBytes { get; private set; }

    /// <summary>TLS with ALPN h2; nothing of HTTP/2 is sent yet.</summary>
    public static async Task<Http2Wire> OpenBareAsync(AttackedBroker broker)
    {
        var connection = await RawConnection.OpenAsync(broker.Guard.Proxy);
        await connection.ConnectAsync("api.openai.com:443");
        await connection.SecureAsync(broker.Guard, "api.openai.com", SslApplicationProtocol.Http2);
        return new Http2Wire(connection);
    }

    /// <summary>Ready for requests. The server is told to index nothing, so that a status can be read without a table.</summary>
    public static async Task<Http2Wire> OpenAsync(AttackedBroker broker, params (ushort Setting, uint Value)[] settings)
    {
        const ushort headerTableSize = 1;
        var wire = await OpenBareAsync(broker);
        await wire.BytesAsync("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray());
        await wire.SettingsAsync([(headerTableSize, 0), .. settings]);
        return wire;
    }

    /// <summary>Header fields as HPACK literals without index and without Huffman code (RFC 7541 §6.2.2).</summary>
    public static byte[] Fields(IEnumerable<(string Name, string Value)> fields)
    {
        var block = new MemoryStream();
        foreach (var (name, value) in fields)
        {
            block.WriteByte(0);
            Write(block, name);
            Write(block, value);
        }

        return block.ToArray();

        static void Write(MemoryStream block, string text)
        {
            const int prefix = 127;
            var rest = text.Length - prefix;
            block.WriteByte((byte)Math.Min(text.Length, prefix));
            if (rest >= 0)
            {
                for (; rest >= 128; rest >>= 7)
                {
                    block.WriteByte((byte)(rest | 128));
                }

                block.WriteByte((byte)rest);
            }

            block.Write(Encoding.Latin1.GetBytes(text));
        }
    }

    public static byte[] Encode(Frame type, byte flags, int stream, ReadOnlySpan<byte> payload)
    {
        var frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, (payload.Length << 8) | (byte)type);
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame.AsSpan(9));
        return frame;
    }

    public static byte[] Number(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    public Task FrameAsync(Frame type, byte flags, int stream, ReadOnlySpan<byte> payload) => BytesAsync(Encode(type, flags, stream, payload));

    public Task SettingsAsync(params (ushort Setting, uint Value)[] settings)
    {
        var payload = new byte[settings.Length * 6];
        for (var at = 0; at < settings.Length; at++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(payload.AsSpan(at * 6), settings[at].Setting);
            BinaryPrimitives.WriteUInt32BigEndian(payload.AsSpan((at * 6) + 2), settings[at].Value);
        }

        return FrameAsync(Frame.Settings, 0, 0, payload);
    }

    public Task HeadersAsync(int stream, IEnumerable<(string Name, string Value)> fields, bool end) =>
        FrameAsync(Frame.Headers, (byte)(EndHeaders | (end ? EndStream : 0)), stream, Fields(fields));

    public Task BodyAsync(int stream, string body, bool end = true) => FrameAsync(Frame.Data, end ? EndStream : (byte)0, stream, Encoding.Latin1.GetBytes(body));

    /// <summary>Sends bytes; that the broker has closed meanwhile is told by what it said.</summary>
    public async Task BytesAsync(byte[] bytes)
    {
        try
        {
            await _connection.SendAsync(bytes);
        }
        catch (IOException)
        {
            // Read on.
        }
    }

    /// <summary>
    /// Sends frames for as long as the broker takes them: until all are sent, the connection ends, or a write no longer goes through because the
    /// broker stopped reading.
    /// </summary>
    public async Task FloodAsync(byte[] frames, int times)
    {
        var block = frames.Length < 16_000 ? [.. Enumerable.Repeat(frames, 16_000 / frames.Length).SelectMany(f => f)] : frames;
        for (var sent = 0; sent < times; sent += block.Length / frames.Length)
        {
            try
            {
                await _connection.SendAsync(block).WaitAsync(TimeSpan.FromSeconds(2), Bounded.Test);
            }
            catch (Exception e) when (e is IOException or TimeoutException)
            {
                return;
            }
        }
    }

    /// <summary>How a stream ended: its status, or the error that it or the connection was ended with.</summary>
    public Task<string> ToldAsync(int stream) => ReadAsync(stream).Within($"an answer on HTTP/2 stream {stream}");

    /// <summary>The status of a stream as soon as its head is there.</summary>
    public Task<string> HeadAsync(int stream) => ReadAsync(stream, headOnly: true).Within($"a head on HTTP/2 stream {stream}");

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private async Task<string> ReadAsync(int stream, bool headOnly = false)
    {
        var status = "";
        BodyBytes = 0;
        try
        {
            while (true)
            {
                var head = new byte[9];
                await _connection.Stream.ReadExactlyAsync(head, Bounded.Test);
                var payload = new byte[(head[0] << 16) | (head[1] << 8) | head[2]];
                await _connection.Stream.ReadExactlyAsync(payload, Bounded.Test);
                var id = BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5));
                switch ((Frame)head[3])
                {
                    case Frame.GoAway:
                        return $"goaway {(H2Error)BinaryPrimitives.ReadInt32BigEndian(payload.AsSpan(4))}";
                    case Frame.RstStream when id == stream:
                        return $"reset {(H2Error)BinaryPrimitives.ReadInt32BigEndian(payload)}";
                    case Frame.Headers when id == stream && status.Length == 0:
                        status = Status(payload);
                        if (headOnly || (head[4] & EndStream) != 0)
                        {
                            return status;
                        }

                        break;
                    case Frame.Data when id == stream:
                        BodyBytes += payload.Length;
                        if ((head[4] & EndStream) != 0)
                        {
                            return status;
                        }

                        break;
                }
            }
        }
        catch (IOException)
        {
            return "closed";
        }
    }

    /// <summary>`:status` comes first: an entry of the static table, or a literal that names it (RFC 7541 appendix A, 8 to 14).</summary>
    private static string Status(ReadOnlySpan<byte> block)
    {
        ReadOnlySpan<int> known = [200, 204, 206, 304, 400, 404, 500];
        while ((block[0] & 0xe0) == 0x20)
        {
            block = block[1..];
        }

        return (block[0] & 0x80) != 0 ? $"{known[(block[0] & 0x7f) - 8]}" : Encoding.ASCII.GetString(block.Slice(2, 3));
    }
}
