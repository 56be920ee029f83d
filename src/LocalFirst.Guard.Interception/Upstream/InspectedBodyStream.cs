namespace LocalFirst.Guard.Interception.Upstream;

/// <summary>
/// Reads the inspected body and counts what was taken from it: those are the bytes that left. The body lies in pooled memory, and an HTTP/2
/// upload may still be read from when its answer has failed already; after <see cref="Detach"/> no read touches that memory again, so that
/// it can go to another request.
/// </summary>
internal sealed class InspectedBodyStream(ReadOnlyMemory<byte> body) : Stream
{
    private readonly Lock _lock = new();
    private ReadOnlyMemory<byte> _body = body;
    private int _position;
    private bool _detached;

    public int BytesRead
    {
        get
        {
            lock (_lock)
            {
                return _position;
            }
        }
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length { get; } = body.Length;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    /// <summary>Lets go of the body. A read that runs ends first; every later one fails.</summary>
    public void Detach()
    {
        lock (_lock)
        {
            _detached = true;
            _body = ReadOnlyMemory<byte>.Empty;
        }
    }

    public override int Read(Span<byte> buffer)
    {
        lock (_lock)
        {
            if (_detached)
            {
                // Not an end of the stream: what was sent so far must not pass for the whole body.
                throw new IOException("The exchange that owned this body is over.");
            }

            var count = Math.Min(buffer.Length, _body.Length - _position);
            _body.Span.Slice(_position, count).CopyTo(buffer);
            _position += count;
            return count;
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(Read(buffer.Span));
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
