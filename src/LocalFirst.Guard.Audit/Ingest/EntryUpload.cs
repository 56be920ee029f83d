using System.Buffers.Binary;
using System.Text;
using LocalFirst.Guard.Audit.Merkle;
using LocalFirst.Guard.Audit.Notes;
using LocalFirst.Guard.Audit.Records;

namespace LocalFirst.Guard.Audit.Ingest;

/// <summary>Up to 256 entries that end on a multiple of 256 or at the tree's end, with the proof that they belong to the tree.</summary>
/// <param name="Entries">Canonical bytes of the records.</param>
/// <param name="Proof">Subtree proof of [start rounded down to 256, end of the package).</param>
internal sealed record EntryPackage(IReadOnlyList<byte[]> Entries, IReadOnlyList<byte[]> Proof);

/// <summary>
/// The body of <c>add-entries</c> (C2SP tlog-mirror): origin, interval and ticket, then packages. A body may end after any package: what is complete
/// counts.
/// </summary>
/// <param name="Origin">The log.</param>
/// <param name="Start">First entry.</param>
/// <param name="End">End of the interval: the size of the pending checkpoint.</param>
/// <param name="Packages">The packages that are complete.</param>
internal sealed record EntryUpload(string Origin, long Start, long End, IReadOnlyList<EntryPackage> Packages)
{
    /// <summary>Width of a package's window: that of a tile (C2SP tlog-tiles).</summary>
    public const int Width = 256;

    /// <summary>
    /// Packages that one request is read for: four times what our devices send. An entry may be empty, so that the longest body could hold thousands of
    /// packages, each a transaction; what comes after these is left out, as if the body ended there.
    /// </summary>
    public const int MaxPackages = 16;

    public byte[] ToBytes()
    {
        using var body = new MemoryStream();
        WriteSized(body, Encoding.UTF8.GetBytes(Origin));
        Span<byte> number = stackalloc byte[8];
        foreach (var value in new[] { Start, End })
        {
            BinaryPrimitives.WriteInt64BigEndian(number, value);
            body.Write(number);
        }

        WriteSized(body, []);
        foreach (var package in Packages)
        {
            foreach (var entry in package.Entries)
            {
                WriteSized(body, entry);
            }

            body.WriteByte((byte)package.Proof.Count);
            foreach (var hash in package.Proof)
            {
                body.Write(hash);
            }
        }

        return body.ToArray();
    }

    /// <exception cref="FormatException">Not such a body.</exception>
    public static EntryUpload Parse(ReadOnlySpan<byte> body)
    {
        var rest = body;
        if (!TryRead(ref rest, out var origin) || rest.Length < 16)
        {
            throw Malformed();
        }

        var start = BinaryPrimitives.ReadInt64BigEndian(rest);
        var end = BinaryPrimitives.ReadInt64BigEndian(rest[8..]);
        rest = rest[16..];
        if (start < 0 || end < start || end > StrictText.MaxNumber || !TryRead(ref rest, out _))
        {
            throw Malformed();
        }

        var packages = new List<EntryPackage>();
        for (var at = start; at < end && rest.Length > 0 && packages.Count < MaxPackages;)
        {
            var next = Math.Min(end, ((at / Width) + 1) * Width);
            if (ReadPackage(ref rest, (int)(next - at)) is not { } package)
            {
                break;
            }

            packages.Add(package);
            at = next;
        }

        return new EntryUpload(Encoding.UTF8.GetString(origin), start, end, packages);
    }

    private static EntryPackage? ReadPackage(ref ReadOnlySpan<byte> rest, int count)
    {
        var entries = new List<byte[]>(count);
        for (var i = 0; i < count; i++)
        {
            if (!TryRead(ref rest, out var entry))
            {
                return null;
            }

            if (entry.Length > RecordWriter.MaxBytes)
            {
                throw new FormatException($"An entry has {entry.Length} bytes; a record has at most {RecordWriter.MaxBytes}.");
            }

            entries.Add(entry.ToArray());
        }

        if (rest.Length == 0)
        {
            return null;
        }

        int hashes = rest[0];
        if (hashes > CheckpointRequest.MaxProof)
        {
            throw new FormatException("A proof has too many hashes.");
        }

        if (rest.Length < 1 + (hashes * MerkleHash.Size))
        {
            return null;
        }

        var proof = new List<byte[]>(hashes);
        for (var i = 0; i < hashes; i++)
        {
            proof.Add(rest.Slice(1 + (i * MerkleHash.Size), MerkleHash.Size).ToArray());
        }

        rest = rest[(1 + (hashes * MerkleHash.Size))..];
        return new EntryPackage(entries, proof);
    }

    private static bool TryRead(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (rest.Length < 2)
        {
            return false;
        }

        var length = BinaryPrimitives.ReadUInt16BigEndian(rest);
        if (rest.Length < 2 + length)
        {
            return false;
        }

        value = rest.Slice(2, length);
        rest = rest[(2 + length)..];
        return true;
    }

    private static void WriteSized(MemoryStream body, byte[] value)
    {
        Span<byte> length = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16BigEndian(length, checked((ushort)value.Length));
        body.Write(length);
        body.Write(value);
    }

    private static FormatException Malformed() => new("The body is not an upload of entries (C2SP tlog-mirror, add-entries).");
}
