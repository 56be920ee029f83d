using System.Buffers;

namespace LocalFirst.Guard.Protocols;

/// <summary>A growing pooled buffer with an upper bound; every array that held content is cleared on its way back.</summary>
internal sealed class CappedBuffer(int cap) : IDisposable
{
    private byte[] _array = ArrayPool<byte>.Shared.Rent(Math.Min(cap, 64 * 1024));

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _array.AsSpan(0, Length);

    /// <summary>Free room, grown if needed; empty when the cap is reached.</summary>
    public Span<byte> Free()
    {
        if (Length == Math.Min(_array.Length, cap) && Length < cap)
        {
            var bigger = ArrayPool<byte>.Shared.Rent((int)Math.Min(cap, (long)_array.Length * 2));
            Written.CopyTo(bigger);
            ArrayPool<byte>.Shared.Return(_array, clearArray: true);
            _array = bigger;
        }

        return _array.AsSpan(Length, Math.Min(_array.Length, cap) - Length);
    }

    public void Advance(int count) => Length += count;

    /// <summary>Hands the content over; this object must not be used after.</summary>
    public DecodedBody Detach()
    {
        var body = new DecodedBody(_array.AsMemory(0, Length), _array);
        _array = [];
        Length = 0;
        return body;
    }

    public void Dispose()
    {
        if (_array.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_array, clearArray: true);
            _array = [];
        }
    }
}
