using System.Buffers;
using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Exchanges;

/// <summary>
/// Step 7: counts what an answer used. A plain answer is read as it passes; a coded one is held, up to a bound, and decoded once at its end, because
/// its counts stand there. What cannot be decoded tells nothing, and is estimated.
/// </summary>
internal sealed class AnswerWatch : IAnswerObserver, IDisposable
{
    /// <summary>Most coded bytes that are held: text packs at four to one and better, and an answer of 16 MB is none of a chat.</summary>
    private const int MaxCoded = 4 * 1024 * 1024;

    private const int MaxDecoded = 64 * 1024 * 1024;

    private AnswerUsageReader? _reader;
    private string? _coding;
    private byte[] _coded = [];
    private int _length;
    private bool _isLost;

    /// <summary>HTTP status of the answer; 0 before it came.</summary>
    public int Status { get; private set; }

    /// <summary>Bytes of the text of a stream, for an estimate.</summary>
    public long TextBytes => _reader?.TextBytes ?? 0;

    /// <summary>Whether the answer was seen to its end.</summary>
    public bool IsComplete => _reader?.IsComplete ?? false;

    public void Begin(int status, string? contentType, string? contentEncoding)
    {
        Status = status;
        if (status is >= 200 and < 300)
        {
            _reader = new AnswerUsageReader(contentType);
            _coding = string.IsNullOrWhiteSpace(contentEncoding) || contentEncoding.Trim().Equals("identity", StringComparison.OrdinalIgnoreCase) ? null : contentEncoding;
        }
    }

    public void Observe(ReadOnlySpan<byte> piece)
    {
        if (_reader is null || _isLost)
        {
            return;
        }

        try
        {
            if (_coding is null)
            {
                _reader.Read(piece);
            }
            else
            {
                Hold(piece);
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The answer goes on whatever becomes of the count.
            _isLost = true;
        }
    }

    /// <summary>What the answer said that it used; null when it said nothing, or could not be read.</summary>
    public AnswerUsage? Finish()
    {
        if (_reader is null || _isLost)
        {
            return null;
        }

        try
        {
            if (_coding is not null)
            {
                using var decoded = ContentCoding.Decode(_coding, _coded.AsMemory(0, _length), MaxDecoded);
                if (decoded.Failure is not null)
                {
                    return null;
                }

                _reader.Read(decoded.Bytes.Span);
            }

            return _reader.Finish();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        _reader?.Dispose();
        if (_coded.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_coded, clearArray: true);
            _coded = [];
        }

        _isLost = true;
    }

    private void Hold(ReadOnlySpan<byte> piece)
    {
        if (piece.Length > MaxCoded - _length)
        {
            _isLost = true;
            return;
        }

        if (_coded.Length - _length < piece.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + piece.Length, Math.Min(MaxCoded, _coded.Length * 2)));
            _coded.AsSpan(0, _length).CopyTo(larger);
            if (_coded.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(_coded, clearArray: true);
            }

            _coded = larger;
        }

        piece.CopyTo(_coded.AsSpan(_length));
        _length += piece.Length;
    }
}
