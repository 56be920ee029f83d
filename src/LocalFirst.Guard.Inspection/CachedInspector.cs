using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace LocalFirst.Guard.Inspection;

/// <summary>Bounds of a <see cref="CachedInspector"/>.</summary>
/// <param name="Entries">Most results kept, ≥ 1.</param>
/// <param name="Bytes">Most memory kept, in bytes as estimated from the findings, ≥ 1.</param>
public sealed record InspectionCacheBounds(int Entries = InspectionCacheBounds.DefaultEntries, long Bytes = InspectionCacheBounds.DefaultBytes)
{
    /// <summary>Default of <see cref="Entries"/>: the parts of a few hundred long agent conversations.</summary>
    public const int DefaultEntries = 65_536;

    /// <summary>Default of <see cref="Bytes"/>: 16 MiB, of the 250 MB that the broker may take.</summary>
    public const long DefaultBytes = 16 * 1024 * 1024;
}

/// <summary>
/// Remembers results, because agents resend the whole conversation at every turn: a part seen before costs one hash. Kept are an HMAC-SHA-256 under a
/// random key of this process, over text, zone, role, path hint and generation, and the findings (places only); no text. A result with a
/// <see cref="InspectionResult.Failure"/> is never kept. The conversation key is not part of the hash: a cached result must be context-free.
/// Thread-safe.
/// </summary>
public sealed class CachedInspector : IInspector
{
    // Measured sizes are not needed to bound memory: a key, its node and its dictionary slot, and one finding record.
    private const int EntryBytes = 200;
    private const int FindingBytes = 80;

    // Generation and zone; then, for each field, its length in code units and its form.
    private const int HeaderBytes = sizeof(long) + sizeof(int);
    private const int FieldHeaderBytes = sizeof(int) + 1;
    private const byte AsciiForm = 1;
    private const byte Utf16Form = 2;
    private const int BufferBytes = 1024;

    private readonly IInspector _inner;
    private readonly InspectionCacheBounds _bounds;
    private readonly Func<long> _generation;
    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly Lock _lock = new();
    private readonly Dictionary<Digest, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _recentFirst = new();
    private long _bytes;
    private long _hits;
    private long _misses;

    /// <summary>Wraps an inspector.</summary>
    /// <param name="inner">Looks at what was not seen before.</param>
    /// <param name="generation">
    /// A number that changes whenever <paramref name="inner"/> would judge differently: new rules, a rebuilt code index. Null when it never does.
    /// </param>
    /// <param name="bounds">Bounds; the defaults when null.</param>
    /// <exception cref="ArgumentOutOfRangeException">A bound is below 1.</exception>
    public CachedInspector(IInspector inner, Func<long>? generation = null, InspectionCacheBounds? bounds = null)
    {
        ArgumentNullException.ThrowIfNull(inner);
        _inner = inner;
        _generation = generation ?? (static () => 0);
        _bounds = bounds ?? new InspectionCacheBounds();
        ArgumentOutOfRangeException.ThrowIfLessThan(_bounds.Entries, 1, nameof(bounds));
        ArgumentOutOfRangeException.ThrowIfLessThan(_bounds.Bytes, 1, nameof(bounds));
    }

    /// <summary>Inspections answered from memory.</summary>
    public long Hits => Interlocked.Read(ref _hits);

    /// <summary>Inspections that had to look.</summary>
    public long Misses => Interlocked.Read(ref _misses);

    /// <summary>Results kept now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _entries.Count;
            }
        }
    }

    /// <inheritdoc/>
    public InspectionResult Inspect(InspectionText text)
    {
        // The generation is read before looking: a result made while it changed is filed under the old one and never found again.
        var digest = DigestOf(text, _generation());
        if (Find(digest) is { } known)
        {
            Interlocked.Increment(ref _hits);
            return known;
        }

        Interlocked.Increment(ref _misses);
        var result = _inner.Inspect(text);
        if (result.Failure is null)
        {
            Keep(digest, result);
        }

        return result;
    }

    private InspectionResult? Find(Digest digest)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(digest, out var node))
            {
                return null;
            }

            _recentFirst.Remove(node);
            _recentFirst.AddFirst(node);
            return node.Value.Result;
        }
    }

    private void Keep(Digest digest, InspectionResult result)
    {
        var entry = new Entry(digest, result, EntryBytes + ((long)FindingBytes * result.Findings.Count));
        if (entry.Bytes > _bounds.Bytes)
        {
            return;
        }

        lock (_lock)
        {
            if (_entries.ContainsKey(digest))
            {
                return;
            }

            _entries.Add(digest, _recentFirst.AddFirst(entry));
            _bytes += entry.Bytes;
            while (_entries.Count > _bounds.Entries || _bytes > _bounds.Bytes)
            {
                var oldest = _recentFirst.Last!;
                _recentFirst.RemoveLast();
                _entries.Remove(oldest.Value.Digest);
                _bytes -= oldest.Value.Bytes;
            }
        }
    }

    /// <summary>Generation, zone and the three fields under HMAC. Short parts, which are most, take one call: setting up an incremental hash costs more than hashing them.</summary>
    private Digest DigestOf(InspectionText text, long generation)
    {
        Span<byte> digest = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Span<byte> buffer = stackalloc byte[BufferBytes];
        BinaryPrimitives.WriteInt64LittleEndian(buffer, generation);
        BinaryPrimitives.WriteInt32LittleEndian(buffer[sizeof(long)..], (int)text.Zone);
        var units = (long)text.Text.Length + (text.Role?.Length ?? 0) + (text.PathHint?.Length ?? 0);
        if (HeaderBytes + (3 * FieldHeaderBytes) + (units * sizeof(char)) <= BufferBytes)
        {
            var length = HeaderBytes;
            length += Write(text.Role, buffer[length..]);
            length += Write(text.PathHint, buffer[length..]);
            length += Write(text.Text, buffer[length..]);
            HMACSHA256.HashData(_key, buffer[..length], digest);
        }
        else
        {
            using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);
            hash.AppendData(buffer[..HeaderBytes]);
            Append(hash, text.Role, buffer);
            Append(hash, text.PathHint, buffer);
            Append(hash, text.Text, buffer);
            hash.GetHashAndReset(digest);
        }

        return MemoryMarshal.Read<Digest>(digest);
    }

    private static int Write(string? field, Span<byte> buffer)
    {
        var isAscii = WriteFieldHeader(field, buffer);
        return FieldHeaderBytes + Encode(field, isAscii, buffer[FieldHeaderBytes..]);
    }

    private static void Append(IncrementalHash hash, string? field, Span<byte> buffer)
    {
        var isAscii = WriteFieldHeader(field, buffer);
        hash.AppendData(buffer[..FieldHeaderBytes]);
        var rest = field.AsSpan();
        while (!rest.IsEmpty)
        {
            var piece = rest[..Math.Min(rest.Length, BufferBytes / sizeof(char))];
            hash.AppendData(buffer[..Encode(piece, isAscii, buffer)]);
            rest = rest[piece.Length..];
        }
    }

    /// <summary>Length and form stand before each field: no two different inputs give the same bytes.</summary>
    private static bool WriteFieldHeader(string? field, Span<byte> buffer)
    {
        var isAscii = Ascii.IsValid(field);
        BinaryPrimitives.WriteInt32LittleEndian(buffer, field?.Length ?? -1);
        buffer[sizeof(int)] = isAscii ? AsciiForm : Utf16Form;
        return isAscii;
    }

    /// <summary>ASCII goes in as one byte a character, which halves the work on long texts.</summary>
    private static int Encode(ReadOnlySpan<char> text, bool isAscii, Span<byte> buffer)
    {
        if (isAscii)
        {
            Ascii.FromUtf16(text, buffer, out var written);
            return written;
        }

        MemoryMarshal.AsBytes(text).CopyTo(buffer);
        return text.Length * sizeof(char);
    }

    private readonly record struct Digest(ulong A, ulong B, ulong C, ulong D);

    private sealed record Entry(Digest Digest, InspectionResult Result, long Bytes);
}
