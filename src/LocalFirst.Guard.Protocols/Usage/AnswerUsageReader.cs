using System.Buffers;
using System.Text.Json;

namespace LocalFirst.Guard.Protocols;

/// <summary>
/// Reads what an answer used while it passes by, in pieces of any size: OpenAI chat completions and Responses and Anthropic messages, as JSON or as a
/// stream of events. The result does not depend on where the pieces are cut. A line of a stream is looked at where it lies and copied only when a
/// piece ends within it; memory is bounded, and cleared. Never throws for what a provider sends.
/// </summary>
public sealed class AnswerUsageReader : IDisposable
{
    /// <summary>Longest event, or JSON body, that is read: the last event of a Responses stream repeats the whole answer. What is longer tells nothing.</summary>
    public const int DefaultMaxHeld = 4 * 1024 * 1024;

    private readonly int _maxHeld;
    private readonly bool _isEvents;
    private byte[] _held = [];
    private int _length;
    private bool _isTooLong;
    private string? _model;
    private UsageFields? _usage;

    /// <summary>Creates it for one answer.</summary>
    /// <param name="contentType">Content-Type of the answer; null when it has none.</param>
    /// <param name="maxHeld">Longest event or JSON body that is read, in bytes.</param>
    public AnswerUsageReader(string? contentType, int maxHeld = DefaultMaxHeld)
    {
        _isEvents = contentType?.Contains("event-stream", StringComparison.OrdinalIgnoreCase) == true;
        _maxHeld = maxHeld;
    }

    /// <summary>UTF-8 bytes of the text that a stream carried so far, for an estimate where it told no counts; 0 for JSON.</summary>
    public long TextBytes { get; private set; }

    /// <summary>Whether the last event of an answer was seen: what it told is the whole.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Takes the next piece.</summary>
    /// <param name="piece">Bytes without content coding.</param>
    public void Read(ReadOnlySpan<byte> piece)
    {
        if (!_isEvents)
        {
            Hold(piece);
            return;
        }

        while (piece.IndexOfAny((byte)'\n', (byte)'\r') is var end and >= 0)
        {
            var line = piece[..end];
            if (_length > 0 || _isTooLong)
            {
                Hold(line);
                line = _isTooLong ? default : _held.AsSpan(0, _length);
            }

            if (line.Length <= _maxHeld)
            {
                Line(line);
            }

            Forget();
            piece = piece[(end + 1)..];
        }

        Hold(piece);
    }

    /// <summary>What the answer used as far as it was seen; null when it told nothing.</summary>
    public AnswerUsage? Finish()
    {
        var rest = _isTooLong ? default : _held.AsSpan(0, _length);
        if (_isEvents)
        {
            Line(rest);
        }
        else if (!rest.IsEmpty)
        {
            Document(rest);
            IsComplete = _usage is not null;
        }

        Forget();
        return _usage is { } usage ? new AnswerUsage(_model, usage.ToCounts()) : null;
    }

    /// <summary>Clears what it holds.</summary>
    public void Dispose()
    {
        if (_held.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_held, clearArray: true);
            _held = [];
        }

        _length = 0;
    }

    private void Hold(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || _isTooLong)
        {
            return;
        }

        if (bytes.Length > _maxHeld - _length)
        {
            _isTooLong = true;
            return;
        }

        if (_held.Length - _length < bytes.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + bytes.Length, Math.Min(_maxHeld, _held.Length * 2)));
            _held.AsSpan(0, _length).CopyTo(larger);
            var length = _length;
            Dispose();
            (_held, _length) = (larger, length);
        }

        bytes.CopyTo(_held.AsSpan(_length));
        _length += bytes.Length;
    }

    private void Forget()
    {
        _held.AsSpan(0, _length).Clear();
        _length = 0;
        _isTooLong = false;
    }

    /// <summary>One line of an event stream. Providers write the data of an event on one line.</summary>
    private void Line(ReadOnlySpan<byte> line)
    {
        if (!line.StartsWith("data:"u8))
        {
            return;
        }

        var data = line["data:".Length..];
        if (data.Trim((byte)' ').SequenceEqual("[DONE]"u8))
        {
            IsComplete = true;
            return;
        }

        if (data.IndexOf("\"delta\""u8) >= 0)
        {
            TextBytes += DeltaText.Count(data);
        }

        if (data.IndexOf("\"usage\""u8) >= 0)
        {
            Document(data);
        }

        // The last event of Anthropic and Responses streams; chat completions end with [DONE].
        if (data.IndexOf("\"message_stop\""u8) >= 0 || data.IndexOf("\"response.completed\""u8) >= 0 || data.IndexOf("\"response.incomplete\""u8) >= 0)
        {
            IsComplete = true;
        }
    }

    private void Document(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        try
        {
            if (!JsonDocument.TryParseValue(ref reader, out var document))
            {
                return;
            }

            using (document)
            {
                var root = document.RootElement;
                Take(root);
                if (root.ValueKind == JsonValueKind.Object)
                {
                    // response: Responses events; message: Anthropic's message_start.
                    Take(root.TryGetProperty("response", out var response) ? response : default);
                    Take(root.TryGetProperty("message", out var message) ? message : default);
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // A malformed event tells nothing; it went to the client as it is.
        }
    }

    private void Take(JsonElement holder)
    {
        if (holder.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        if (holder.TryGetProperty("model", out var model) && model.ValueKind == JsonValueKind.String)
        {
            _model = model.GetString();
        }

        if (holder.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object)
        {
            _usage = (_usage ?? new UsageFields()).With(usage);
        }
    }
}
