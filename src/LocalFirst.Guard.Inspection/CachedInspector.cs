using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

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

    private Digest DigestOf(InspectionText text, long generation)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _key);

        // Every field has a length before it: no two different inputs give the same bytes.
        Span<byte> header = stackalloc byte[sizeof(long) + sizeof(int)];
        BinaryPrimitives.WriteInt64LittleEndian(header, generation);
        BinaryPrimitives.WriteInt32LittleEndian(header[sizeof(long)..], (int)text.Zone);
        hash.AppendData(header);
        Append(hash, text.Role);
        Append(hash, text.PathHint);
        Append(hash, text.Text);

        Span<byte> digest = stackalloc byte[HMACSHA256.HashSizeInBytes];
        hash.GetHashAndReset(digest);
        return MemoryMarshal.Read<Digest>(digest);
    }

    private static void Append(IncrementalHash hash, string? field)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, field?.Length ?? -1);
        hash.AppendData(length);
        hash.AppendData(MemoryMarshal.AsBytes(field.AsSpan()));
    }

    private readonly record struct Digest(ulong A, ulong B, ulong C, ulong D);

    private sealed record Entry(Digest Digest, InspectionResult Result, long Bytes);
}
