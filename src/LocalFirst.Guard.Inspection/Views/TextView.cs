namespace LocalFirst.Guard.Inspection.Views;

/// <summary>A text as it reads after some encoding was undone, with an exact map back to the original.</summary>
internal sealed class TextView
{
    private readonly int[]? _starts;

    private TextView(InspectionText source, string text, int[]? starts)
    {
        Source = source;
        Text = text;
        _starts = starts;
    }

    /// <summary>The original, with its hints.</summary>
    public InspectionText Source { get; }

    /// <summary>The text of this view.</summary>
    public string Text { get; }

    /// <summary>The original itself.</summary>
    public static TextView Identity(InspectionText source) => new(source, source.Text, starts: null);

    /// <summary>A decoded view.</summary>
    /// <param name="source">The original.</param>
    /// <param name="text">The decoded text.</param>
    /// <param name="starts">
    /// For each code unit of <paramref name="text"/>, and one past its end, the code unit of the original where its encoding starts: length
    /// <c>text.Length + 1</c>, rising.
    /// </param>
    public static TextView Decoded(InspectionText source, string text, int[] starts) => new(source, text, starts);

    /// <summary>Maps a span of this view to the original.</summary>
    /// <param name="start">First code unit in this view.</param>
    /// <param name="end">One past the last.</param>
    public (int Start, int End) Map(int start, int end) => _starts is null ? (start, end) : (_starts[start], _starts[end]);
}
