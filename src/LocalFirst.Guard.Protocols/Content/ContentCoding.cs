using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace LocalFirst.Guard.Protocols;

/// <summary>
/// Undoes the Content-Encoding of a request body (RFC 9110 §8.4): identity, gzip, x-gzip, deflate (zlib as the RFC says, raw as some
/// write it), br (RFC 7932) and zstd (RFC 8878), also stacked. Bounded by output bytes, so that a bomb costs no more than the cap whatever its ratio. Strict on
/// purpose: bytes that a decompressor would skip over (a second member, a file name or comment in the gzip header, a skippable frame, bytes after the
/// end) would leave the machine without having been looked at, so they make the body corrupt.
/// </summary>
public static class ContentCoding
{
    /// <summary>Default upper bound on decoded bytes: 64 MiB, well above the largest request that a catalogued provider takes (32 MB).</summary>
    public const int DefaultMaxBytes = 64 * 1024 * 1024;

    /// <summary>Upper bound on stacked codings; no client was seen to use more than one.</summary>
    public const int MaxCodings = 3;

    // RFC 9659: zstd content must be decodable with a window of 8 MiB.
    private const int ZstdWindowLog = 23;

    private static readonly uint[] CrcTable = BuildCrcTable();

    /// <summary>Decodes a body. Never throws for any input.</summary>
    /// <param name="contentEncoding">Value of Content-Encoding, all fields joined by a comma; null when absent.</param>
    /// <param name="body">The body as received.</param>
    /// <param name="maxBytes">Upper bound on the output of each coding, in bytes.</param>
    public static DecodedBody Decode(string? contentEncoding, ReadOnlyMemory<byte> body, int maxBytes = DefaultMaxBytes)
    {
        if (body.Length > maxBytes)
        {
            return TooLarge(maxBytes);
        }

        var codings = (contentEncoding ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(coding => !coding.Equals("identity", StringComparison.OrdinalIgnoreCase)).ToArray();
        if (codings.Length == 0)
        {
            return new DecodedBody(body, rented: null);
        }

        if (codings.Length > MaxCodings)
        {
            return new DecodedBody(ContentFailure.UnknownCoding, $"the body is coded {codings.Length} times over; at most {MaxCodings} codings are undone.");
        }

        // Codings are listed in the order in which they were applied, so they come off from the last to the first.
        DecodedBody? current = null;
        for (var i = codings.Length - 1; i >= 0; i--)
        {
            var next = Undo(codings[i].ToLowerInvariant(), current?.Bytes ?? body, maxBytes);
            current?.Dispose();
            current = next;
            if (current.Failure is not null)
            {
                return current;
            }
        }

        return current!;
    }

    private static DecodedBody Undo(string coding, ReadOnlyMemory<byte> input, int cap)
    {
        using var output = new CappedBuffer(cap);
        try
        {
            var failure = coding switch
            {
                "gzip" or "x-gzip" => Gzip(input, output),
                "deflate" => Deflate(input, output),
                "br" => Brotli(input.Span, output),
                "zstd" => Zstd(input.Span, output),
                _ => ContentFailure.UnknownCoding,
            };
            return failure switch
            {
                ContentFailure.None => output.Detach(),
                ContentFailure.TooLarge => TooLarge(cap),
                ContentFailure.Corrupt => new DecodedBody(failure, $"the body is not whole and plain {coding} content."),
                _ => new DecodedBody(failure, "the body has a content coding that is not known here; gzip, deflate, br and zstd are."),
            };
        }
        catch (Exception error) when (error is InvalidDataException or IOException or ZstdException or ArgumentException or InvalidOperationException)
        {
            return new DecodedBody(ContentFailure.Corrupt, $"the body is not valid {coding} content.");
        }
    }

    private static DecodedBody TooLarge(int cap) =>
        new(ContentFailure.TooLarge, $"the body is larger than {cap} bytes.");

    // RFC 1952 §2.3: ten bytes of header, deflate data, CRC-32 and length.
    private static ContentFailure Gzip(ReadOnlyMemory<byte> input, CappedBuffer output)
    {
        var bytes = input.Span;
        if (bytes.Length < 19 || bytes[0] != 0x1f || bytes[1] != 0x8b || bytes[2] != 8)
        {
            return ContentFailure.Corrupt;
        }

        // Extra field, file name, comment and header CRC are room for text that nobody inspects.
        if (bytes[3] is not (0 or 1))
        {
            return ContentFailure.Corrupt;
        }

        var source = new ExactInputStream(input[10..^8]);
        using var inflater = new DeflateStream(source, CompressionMode.Decompress);
        if (Drain(inflater, output) is var failure and not ContentFailure.None)
        {
            return failure;
        }

        return source.EndedExactly
            && BinaryPrimitives.ReadUInt32LittleEndian(bytes[^8..]) == Crc(output.Written)
            && BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..]) == (uint)output.Length
                ? ContentFailure.None
                : ContentFailure.Corrupt;
    }

    private static ContentFailure Deflate(ReadOnlyMemory<byte> input, CappedBuffer output)
    {
        if (input.Length < 2)
        {
            return ContentFailure.Corrupt;
        }

        // RFC 1950 §2.2: method 8 and a check value tell the zlib form from the raw one.
        var zlib = (input.Span[0] & 0x0f) == 8 && (input.Span[0] * 256 + input.Span[1]) % 31 == 0;
        var source = new ExactInputStream(input);
        using Stream inflater = zlib
            ? new ZLibStream(source, CompressionMode.Decompress)
            : new DeflateStream(source, CompressionMode.Decompress);
        var failure = Drain(inflater, output);
        return failure != ContentFailure.None ? failure : source.EndedExactly ? ContentFailure.None : ContentFailure.Corrupt;
    }

    private static ContentFailure Drain(Stream source, CappedBuffer output)
    {
        while (true)
        {
            var room = output.Free();
            if (room.IsEmpty)
            {
                // Full: only the end of the data may follow.
                Span<byte> one = stackalloc byte[1];
                return source.Read(one) == 0 ? ContentFailure.None : ContentFailure.TooLarge;
            }

            var count = source.Read(room);
            if (count == 0)
            {
                return ContentFailure.None;
            }

            output.Advance(count);
        }
    }

    private static ContentFailure Brotli(ReadOnlySpan<byte> input, CappedBuffer output)
    {
        var decoder = default(BrotliDecoder);
        try
        {
            while (true)
            {
                var room = output.Free();
                var status = decoder.Decompress(input, room, out var consumed, out var written);
                input = input[consumed..];
                output.Advance(written);
                switch (status)
                {
                    case OperationStatus.Done:
                        return input.IsEmpty ? ContentFailure.None : ContentFailure.Corrupt;
                    case OperationStatus.DestinationTooSmall when room.IsEmpty:
                        return ContentFailure.TooLarge;
                    case OperationStatus.DestinationTooSmall:
                        continue;
                    default:
                        return ContentFailure.Corrupt;
                }
            }
        }
        finally
        {
            decoder.Dispose();
        }
    }

    private static ContentFailure Zstd(ReadOnlySpan<byte> input, CappedBuffer output)
    {
        // The library reads on over further frames and skippable ones by itself.
        if (!ZstdFrame.IsExactlyOne(input))
        {
            return ContentFailure.Corrupt;
        }

        using var decoder = new Decompressor();
        decoder.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, ZstdWindowLog);
        while (true)
        {
            var room = output.Free();
            var status = decoder.UnwrapStream(input, room, out var consumed, out var written);
            input = input[consumed..];
            output.Advance(written);
            if (status == OperationStatus.Done)
            {
                return input.IsEmpty ? ContentFailure.None : ContentFailure.Corrupt;
            }

            if (room.IsEmpty)
            {
                return ContentFailure.TooLarge;
            }

            // No progress: the frame is cut off, or the library cannot go on.
            if (status is OperationStatus.InvalidData || (consumed == 0 && written == 0))
            {
                return ContentFailure.Corrupt;
            }
        }
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc = CrcTable[(byte)(crc ^ value)] ^ (crc >> 8);
        }

        return ~crc;
    }

    private static uint[] BuildCrcTable()
    {
        var table = new uint[256];
        for (var i = 0u; i < 256; i++)
        {
            var value = i;
            for (var bit = 0; bit < 8; bit++)
            {
                value = (value & 1) == 1 ? 0xEDB88320 ^ (value >> 1) : value >> 1;
            }

            table[i] = value;
        }

        return table;
    }
}
