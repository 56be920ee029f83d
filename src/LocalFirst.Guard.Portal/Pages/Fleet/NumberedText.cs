namespace LocalFirst.Guard.Portal.Pages.Fleet;

/// <summary>A text with its line numbers.</summary>
/// <param name="Text">The text; hostile.</param>
/// <param name="Marked">Line to mark, from 1; null for none.</param>
internal sealed record NumberedText(string Text, int? Marked)
{
    /// <summary>Its lines, without an empty one after the last line feed.</summary>
    public IReadOnlyList<string> Lines => (Text.EndsWith('\n') ? Text[..^1] : Text).Split('\n');
}
