using System.Buffers;
using System.Text;

namespace LocalFirst.Guard.LocalModels.Endpoints;

/// <summary>A line of a stream is longer than is accepted.</summary>
internal sealed class LineTooLongException() : IOException("A line of the answer is longer than is accepted.");

/// <summary>Reads lines (LF or CRLF) of a stream with a bound on their length, so that a server cannot fill the broker's memory.</summary>
/// <param name="stream">The stream.</param>
/// <param name="maxBytes">Longest line in bytes.</param>
internal sealed class BoundedLineReader(Stream stream, int maxBytes) : IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(16_384);
    private int _start;
    private int _end;

    /// <summary>The next line without its end, or null at the end of the stream. A last line without an end counts.</summary>
    /// <exception cref="LineTooLongException">The line is too long.</exception>
    public async ValueTask<string?> ReadLineAsync(CancellationToken cancellation)
    {
        var searched = _start;
        while (true)
        {
            var newline = _buffer.AsSpan(searched, _end - searched).IndexOf((byte)'\n');
            if (newline >= 0)
            {
                return Take(searched + newline, skip: 1);
            }

            searched = _end;
            if (_end - _start > maxBytes)
            {
                throw new LineTooLongException();
            }

            if (_end == _buffer.Length)
            {
                searched -= _start;
                MakeRoom();
            }

            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellation);
            if (read == 0)
            {
                return _end == _start ? null : Take(_end, skip: 0);
            }

            _end += read;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // The lines are parts of answers: nothing of them goes back into the pool.
        ArrayPool<byte>.Shared.Return(_buffer, clearArray: true);
        _buffer = [];
    }

    private string Take(int end, int skip)
    {
        var line = _buffer.AsSpan(_start, end - _start);
        _start = end + skip;
        return Encoding.UTF8.GetString(line.EndsWith("\r"u8) ? line[..^1] : line);
    }

    private void MakeRoom()
    {
        var length = _end - _start;
        var target = length * 2 > _buffer.Length ? ArrayPool<byte>.Shared.Rent(_buffer.Length * 2) : _buffer;
        _buffer.AsSpan(_start, length).CopyTo(target);
        if (target != _buffer)
        {
            ArrayPool<byte>.Shared.Return(_buffer, clearArray: true);
            _buffer = target;
        }

        _start = 0;
        _end = length;
    }
}
