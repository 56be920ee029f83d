using System.Text;

namespace LocalFirst.Guard.ModelHost.Engine;

/// <summary>
/// Turns the bytes of tokens into text as they come: a character that is not whole yet is held back, and so is what may become a stop text.
/// </summary>
/// <param name="stops">Texts that end the answer; none of them is shown.</param>
internal sealed class AnswerText(IReadOnlyList<string> stops)
{
    private readonly Decoder _decoder = new UTF8Encoding(false, false).GetDecoder();
    private readonly StringBuilder _held = new();

    /// <summary>Whether a stop text was reached. Nothing more is shown then.</summary>
    public bool Stopped { get; private set; }

    /// <summary>Takes the bytes of one token.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <returns>Text that can be shown now; may be empty.</returns>
    public string Append(ReadOnlySpan<byte> bytes)
    {
        if (Stopped)
        {
            return "";
        }

        Span<char> characters = stackalloc char[bytes.Length + 4];
        _held.Append(characters[.._decoder.GetChars(bytes, characters, flush: false)]);
        return Release(final: false);
    }

    /// <summary>The end: what was held back, with a replacement character for half a character.</summary>
    public string Finish()
    {
        if (Stopped)
        {
            return "";
        }

        Span<char> characters = stackalloc char[4];
        _held.Append(characters[.._decoder.GetChars([], characters, flush: true)]);
        return Release(final: true);
    }

    private string Release(bool final)
    {
        var text = _held.ToString();
        var end = text.Length;
        foreach (var stop in stops)
        {
            var at = text.IndexOf(stop, StringComparison.Ordinal);
            if (at >= 0 && (at < end || !Stopped))
            {
                end = Math.Min(end, at);
                Stopped = true;
            }
        }

        if (!Stopped && !final)
        {
            end = stops.Count == 0 ? end : stops.Min(stop => StartOfPossibleStop(text, stop));
        }

        _held.Clear();
        if (!Stopped)
        {
            _held.Append(text, end, text.Length - end);
        }

        return text[..end];
    }

    private static int StartOfPossibleStop(string text, string stop)
    {
        for (var length = Math.Min(stop.Length - 1, text.Length); length > 0; length--)
        {
            if (text.AsSpan(text.Length - length).SequenceEqual(stop.AsSpan(0, length)))
            {
                return text.Length - length;
            }
        }

        return text.Length;
    }
}
