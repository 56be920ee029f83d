using System.Buffers;

namespace LocalFirst.Guard.Exchanges;

/// <summary>
/// A request body in pooled memory that is cleared before it goes back. It never spills to disk, because a body holds what this product
/// keeps from leaving.
/// </summary>
public sealed class BodyBuffer : IDisposable
{
    private const int FirstRent = 16 * 1024;

    // A length that is only announced may be a lie: beyond this, memory is taken as bytes arrive.
    private const int MostOnAnnouncement = 1024 * 1024;

    private readonly BodyBufferPool _pool;
    private byte[] _bytes = [];
    private int _length;
    private bool _disposed;

    internal BodyBuffer(BodyBufferPool pool)
    {
        _pool = pool;
    }

    /// <summary>The bytes so far. Valid until <see cref="Dispose"/>.</summary>
    /// <exception cref="ObjectDisposedException">The buffer was disposed.</exception>
    public ReadOnlyMemory<byte> Bytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _bytes.AsMemory(0, _length);
        }
    }

    /// <summary>An empty buffer of the same pool.</summary>
    internal BodyBuffer RentAnother() => _pool.Rent();

    /// <summary>Number of bytes.</summary>
    public int Length => _length;

    /// <summary>Makes room for a body of an announced length, so that it need not be copied as it grows. A hint: any other length is taken as well.</summary>
    /// <param name="length">Content-Length in bytes; null or negative when there is none.</param>
    /// <exception cref="BodyTooLargeException">The cap on all bodies together is reached.</exception>
    public void Expect(long? length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (length is > 0)
        {
            EnsureCapacity((int)Math.Min(Math.Min(length.Value, MostOnAnnouncement), _pool.MaxBodyBytes));
        }
    }

    /// <summary>Appends bytes.</summary>
    /// <param name="bytes">What to append.</param>
    /// <exception cref="BodyTooLargeException">The body's cap or the cap on all bodies together is reached.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (bytes.Length > _pool.MaxBodyBytes - _length)
        {
            throw new BodyTooLargeException(_pool.MaxBodyBytes, allBodies: false);
        }

        EnsureCapacity(_length + bytes.Length);
        bytes.CopyTo(_bytes.AsSpan(_length));
        _length += bytes.Length;
    }

    /// <summary>Clears the memory and gives it back. Safe to call twice.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        Release();
    }

    private void EnsureCapacity(int needed)
    {
        if (needed <= _bytes.Length)
        {
            return;
        }

        var size = (int)Math.Min(Math.Max(FirstRent, Math.Max(needed, _bytes.Length * 2L)), _pool.MaxBodyBytes);
        _pool.Reserve(size);
        byte[] larger;
        try
        {
            larger = ArrayPool<byte>.Shared.Rent(size);
        }
        catch
        {
            _pool.Unreserve(size);
            throw;
        }

        _bytes.AsSpan(0, _length).CopyTo(larger);
        Release();
        _bytes = larger;
        Reserved = size;
    }

    private int Reserved { get; set; }

    private void Release()
    {
        if (_bytes.Length == 0)
        {
            return;
        }

        ArrayPool<byte>.Shared.Return(_bytes, clearArray: true);
        _pool.Unreserve(Reserved);
        _bytes = [];
        Reserved = 0;
    }
}

/// <summary>Bounds request bodies, one by one and all together.</summary>
/// <param name="maxBodyBytes">Cap of one body in bytes.</param>
/// <param name="maxAllBytes">Cap of all bodies in memory at once, in bytes.</param>
public sealed class BodyBufferPool(int maxBodyBytes = BodyBufferPool.DefaultMaxBodyBytes, long maxAllBytes = BodyBufferPool.DefaultMaxAllBytes)
{
    /// <summary>64 MiB: the largest request that the providers' own APIs take (file uploads apart) is 32 MiB.</summary>
    public const int DefaultMaxBodyBytes = 64 * 1024 * 1024;

    /// <summary>512 MiB: eight of the largest bodies at once; beyond it a request is told to come again.</summary>
    public const long DefaultMaxAllBytes = 512L * 1024 * 1024;

    private long _reserved;

    /// <summary>Cap of one body in bytes.</summary>
    public int MaxBodyBytes { get; } = maxBodyBytes;

    /// <summary>An empty buffer.</summary>
    public BodyBuffer Rent() => new(this);

    internal void Reserve(int bytes)
    {
        if (Interlocked.Add(ref _reserved, bytes) > maxAllBytes)
        {
            Unreserve(bytes);
            throw new BodyTooLargeException(maxAllBytes, allBodies: true);
        }
    }

    internal void Unreserve(int bytes) => Interlocked.Add(ref _reserved, -bytes);
}

/// <summary>A body is larger than what the broker holds in memory.</summary>
/// <param name="limit">The limit in bytes.</param>
/// <param name="allBodies">True when it is the limit on all bodies together.</param>
public sealed class BodyTooLargeException(long limit, bool allBodies)
    : Exception(allBodies
        ? $"The requests in flight fill the broker's memory for bodies ({limit} bytes)."
        : $"The request body is larger than {limit} bytes.")
{
    /// <summary>True when this body alone would fit, but all bodies together do not.</summary>
    public bool AllBodies { get; } = allBodies;
}
