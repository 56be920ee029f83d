using System.Buffers.Binary;

namespace LocalFirst.Guard.Protocols;

/// <summary>Walks the outer structure of zstd content (RFC 8878 §3.1.1): header, blocks, checksum.</summary>
internal static class ZstdFrame
{
    private const uint Magic = 0xFD2FB528;

    /// <summary>Whether the bytes are one frame from first to last, without dictionary: no skippable frame, no second one, no rest.</summary>
    public static bool IsExactlyOne(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 6 || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic)
        {
            return false;
        }

        var descriptor = bytes[4];
        var singleSegment = (descriptor & 0x20) != 0;
        var hasChecksum = (descriptor & 0x04) != 0;
        if ((descriptor & 0x1b) != 0)
        {
            // A dictionary id, or one of the two bits without a meaning.
            return false;
        }

        var sizeField = (descriptor >> 6) switch { 0 => singleSegment ? 1 : 0, 1 => 2, 2 => 4, _ => 8 };
        var at = 5 + (singleSegment ? 0 : 1) + sizeField;
        while (at + 3 <= bytes.Length)
        {
            var header = bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16;
            var last = (header & 1) != 0;
            var type = header >> 1 & 3;
            if (type == 3)
            {
                return false;
            }

            // Type 1 repeats a single byte; the others stand in full.
            at += 3 + (type == 1 ? 1 : header >> 3);
            if (last)
            {
                return at + (hasChecksum ? 4 : 0) == bytes.Length;
            }
        }

        return false;
    }
}
