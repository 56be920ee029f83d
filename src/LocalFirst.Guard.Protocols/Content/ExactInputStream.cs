namespace LocalFirst.Guard.Protocols;

/// <summary>
/// Gives a decompressor its input and learns whether the compressed data ended exactly with the last byte: the last byte is handed out
/// alone. If it was never asked for, bytes follow the data; if more was asked for after it, the data is cut off. The framework's streams say
/// neither by themselves.
/// </summary>
internal sealed class ExactInputStream(ReadOnlyMemory<byte> input) : Stream
{
    private int _position;
    private bool _readPastEnd;

    public bool EndedExactly => _position == input.Length && !_readPastEnd;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        var left = input.Length - _position;
        if (left == 0)
        {
            _readPastEnd = true;
            return 0;
        }

        var count = left == 1 ? 1 : Math.Min(buffer.Length, left - 1);
        input.Span.Slice(_position, count).CopyTo(buffer);
        _position += count;
        return count;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
