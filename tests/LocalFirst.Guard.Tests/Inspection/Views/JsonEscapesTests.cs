using System.Text.Json;
using FsCheck.Xunit;
using LocalFirst.Guard.Inspection;
using LocalFirst.Guard.Inspection.Views;
using Xunit;

namespace LocalFirst.Guard.Tests.Inspection.Views;

public sealed class JsonEscapesTests
{
    [Theory]
    [InlineData("a\\nb", "a\nb")]
    [InlineData("\\u0067hp", "ghp")]
    [InlineData("\\ud83d\\ude00", "\ud83d\ude00")]
    [InlineData("\\\"\\\\\\/\\b\\f\\r\\t", "\"\\/\b\f\r\t")]
    [InlineData("\\x41 \\u00 \\u12G4 \\n", "\\x41 \\u00 \\u12G4 \n")]
    [InlineData("\\n\\", "\n\\")]
    public void One_level_of_escapes_is_undone(string text, string expected) =>
        Assert.Equal(expected, Unescape(text)?.Text);

    [Theory]
    [InlineData("")]
    [InlineData("no escape")]
    [InlineData("C:\\windows is one? \\w is none")]
    [InlineData("\\")]
    [InlineData("\\u123")]
    public void A_text_without_escapes_has_no_decoded_view(string text) =>
        Assert.Null(Unescape(text));

    [Fact]
    public void Lines_without_escapes_are_left_out_but_for_the_neighbours()
    {
        var view = Unescape("one\ntwo\nthree\nfo\\tur\nfive\nsix\nseven")!;

        Assert.Equal("three\nfo\tur\nfive\n", view.Text);
        Assert.Equal((8, 13), view.Map(0, 5));
        Assert.Equal((16, 18), view.Map(8, 9));
        Assert.Equal((20, 24), view.Map(11, 15));
    }

    [Fact]
    public void Blocks_far_apart_keep_their_own_places()
    {
        var text = "\\tA\nb\nc\nd\ne\nf\\tG";
        var view = Unescape(text)!;

        Assert.Equal("\tA\nb\ne\nf\tG", view.Text);
        Assert.Equal("A", Original(view, text, 1, 2));
        Assert.Equal("G", Original(view, text, 9, 10));
        Assert.Equal("\\t", Original(view, text, 8, 9));
    }

    [Property(MaxTest = 500)]
    public bool What_a_serializer_escaped_is_read_again_with_an_exact_map(string? text)
    {
        // Line breaks are escaped by the serializer, so that the whole string is one line and nothing is left out.
        var original = text ?? string.Empty;
        var escaped = JsonSerializer.Serialize(original)[1..^1];
        var view = Unescape(escaped);
        if (view is null)
        {
            return !escaped.Contains('\\');
        }

        // A lone surrogate has no JSON form of its own; the serializer writes U+FFFD for it.
        var expected = JsonSerializer.Deserialize<string>($"\"{escaped}\"");
        return view.Text == expected && HasExactMap(view, escaped);
    }

    [Property(MaxTest = 500)]
    public bool Any_text_maps_back_exactly(string? noise, int seed)
    {
        var random = new Random(seed);
        string[] pieces = ["\\", "\\\\", "\\n", "\\u0041", "\n", "x", "\\\"", "\n\n\n", noise ?? string.Empty];
        var text = string.Concat(Enumerable.Range(0, 20).Select(_ => pieces[random.Next(pieces.Length)]));
        return Unescape(text) is not { } view || HasExactMap(view, text);
    }

    /// <summary>Each code unit's own piece of the original decodes to that code unit, and pieces follow each other.</summary>
    private static bool HasExactMap(TextView view, string original)
    {
        var last = 0;
        for (var at = 0; at < view.Text.Length; at++)
        {
            var (start, end) = view.Map(at, at + 1);
            var piece = original[start..end];

            // Left-out lines stand after a kept line break.
            var isOwn = view.Text[at] == '\n' && piece[0] == '\n' ? piece.Length >= 1
                : piece.Length == 1 ? piece[0] == view.Text[at]
                : JsonSerializer.Deserialize<JsonElement>($"\"{piece}\"").GetRawText() == $"\"{piece}\"" && Decode(piece) == view.Text[at];
            if (!isOwn || start < last)
            {
                return false;
            }

            last = end;
        }

        return last <= original.Length;
    }

    private static char Decode(string escape) => escape[1] switch
    {
        'u' => (char)Convert.ToInt32(escape[2..], 16),
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'b' => '\b',
        'f' => '\f',
        var itself => itself,
    };

    private static string Original(TextView view, string text, int start, int end)
    {
        var (from, to) = view.Map(start, end);
        return text[from..to];
    }

    private static TextView? Unescape(string text) => JsonEscapes.Unescape(TextView.Identity(new InspectionText(text)));
}
