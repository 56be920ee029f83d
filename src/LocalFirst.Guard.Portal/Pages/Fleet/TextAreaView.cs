using System.Globalization;
using System.Text;

namespace LocalFirst.Guard.Portal.Pages.Fleet;

/// <summary>A text area with line numbers beside it, which needs no script: it is as high as its text, so that the numbers never move.</summary>
/// <param name="Name">Name of the field.</param>
/// <param name="Text">What stands in it; hostile.</param>
/// <param name="Rows">Least number of lines.</param>
/// <param name="Marked">Line to mark, from 1; null for none.</param>
internal sealed record TextAreaView(string Name, string Text, int Rows, int? Marked)
{
    /// <summary>Empty lines to type into before the area begins to scroll.</summary>
    private const int Room = 6;

    /// <summary>Lines of the area.</summary>
    public int Height => Math.Max(Rows, Text.AsSpan().Count('\n') + 1 + Room);

    /// <summary>The numbers, one a line.</summary>
    public static string Numbers(int from, int to)
    {
        var numbers = new StringBuilder();
        for (var line = from; line <= to; line++)
        {
            numbers.Append(CultureInfo.InvariantCulture, $"{line}\n");
        }

        return numbers.ToString();
    }
}
