using System.Runtime.InteropServices;
using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Routing;

/// <summary>
/// The beginning of a request as a prompt cache sees it, for an estimate of what the next request shares with it: tools, then system text, then the
/// conversation (the order of "Prompt caching" in Anthropic's documentation, whatever order the JSON has). Holds hashes, no text.
/// </summary>
internal sealed class PromptPrefix
{
    /// <summary>A mark for every so many bytes: 200 of them for a request of 200 KB.</summary>
    private const int Stride = 1024;

    /// <summary>Beyond a megabyte the rest counts as new: too dear rather than too cheap.</summary>
    private const int MaxMarks = 1024;

    /// <summary>Longest part that is hashed whole. Of a longer one samples are: the whole would cost as much as inspecting it, and this is an estimate.</summary>
    private const int Short = 16;

    /// <summary>Characters in a sample.</summary>
    private const int Sample = 4;

    private readonly List<(int Hash, int Bytes)> _marks;

    private PromptPrefix(List<(int, int)> marks, int bytes, DateTimeOffset time)
    {
        _marks = marks;
        Bytes = bytes;
        Time = time;
    }

    /// <summary>Bytes of all parts.</summary>
    public int Bytes { get; }

    /// <summary>When the request came.</summary>
    public DateTimeOffset Time { get; }

    public static PromptPrefix Of(Prompt prompt, DateTimeOffset time)
    {
        var marks = new List<(int, int)>();
        var (hash, bytes, next) = (0, 0, Stride);
        for (var rank = 0; rank < 3; rank++)
        {
            foreach (var part in prompt.Parts)
            {
                // Claude Code's first system text counts its requests; the provider takes it for a header.
                if (RankOf(part.Place.Pointer) != rank || part.Text.StartsWith("x-anthropic-billing-header", StringComparison.Ordinal))
                {
                    continue;
                }

                var text = part.Text.AsSpan();
                hash = text.Length <= Short
                    ? HashCode.Combine(hash, string.GetHashCode(text))
                    : HashCode.Combine(hash, text.Length, At(text, 0), At(text, text.Length / 3), At(text, text.Length * 2 / 3), At(text, text.Length - Sample));
                bytes += part.Place.Bytes?.Length ?? text.Length;
                if (bytes >= next && marks.Count < MaxMarks)
                {
                    marks.Add((hash, bytes));
                    next = bytes + Stride;
                }
            }
        }

        return new PromptPrefix(marks, bytes, time);
    }

    /// <summary>Bytes from the start that both have in common, down to the last mark.</summary>
    public int SharedWith(PromptPrefix other)
    {
        var shared = 0;
        for (var i = 0; i < _marks.Count && i < other._marks.Count && _marks[i] == other._marks[i]; i++)
        {
            shared = _marks[i].Bytes;
        }

        return shared;
    }

    private static ulong At(ReadOnlySpan<char> text, int index) => MemoryMarshal.Read<ulong>(MemoryMarshal.AsBytes(text.Slice(index, Sample)));

    /// <summary>Place in the order of a prompt cache; 3 for what is no part of it. The second character tells most places apart.</summary>
    private static int RankOf(string pointer) => pointer.Length < 6 ? 3 : pointer[1] switch
    {
        't' when pointer.StartsWith("/tools", StringComparison.Ordinal) => 0,
        's' when pointer.StartsWith("/system", StringComparison.Ordinal) => 1,
        'i' when pointer.StartsWith("/instructions", StringComparison.Ordinal) => 1,
        'i' when pointer.StartsWith("/input", StringComparison.Ordinal) => 2,
        'm' when pointer.StartsWith("/messages", StringComparison.Ordinal) => 2,
        _ => 3,
    };
}
