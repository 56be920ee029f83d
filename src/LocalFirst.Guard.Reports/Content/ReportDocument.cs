namespace LocalFirst.Guard.Reports.Content;

/// <summary>A report for people: what HTML and PDF both show.</summary>
/// <param name="Title">Title.</param>
/// <param name="Blocks">Its blocks, in order.</param>
internal sealed record ReportDocument(string Title, IReadOnlyList<ReportBlock> Blocks);

/// <summary>A piece of a report.</summary>
internal abstract record ReportBlock;

/// <summary>A heading.</summary>
/// <param name="Text">Text.</param>
/// <param name="Level">2 or 3.</param>
internal sealed record HeadingBlock(string Text, int Level = 2) : ReportBlock;

/// <summary>A paragraph.</summary>
/// <param name="Text">Text.</param>
/// <param name="IsStrong">Whether it is an answer.</param>
internal sealed record ParagraphBlock(string Text, bool IsStrong = false) : ReportBlock;

/// <summary>Lines that are shown as they are.</summary>
/// <param name="Text">The lines.</param>
internal sealed record LiteralBlock(string Text) : ReportBlock;

/// <summary>A table.</summary>
/// <param name="Caption">What it shows.</param>
/// <param name="Columns">Columns. Where none has a name, each row is a name and its value, and there is no header.</param>
/// <param name="Rows">Rows, a text a column.</param>
internal sealed record TableBlock(string Caption, IReadOnlyList<ReportColumn> Columns, IReadOnlyList<IReadOnlyList<string>> Rows) : ReportBlock
{
    /// <summary>Whether it has a header.</summary>
    public bool HasHeader => Columns.Any(c => c.Name.Length > 0);
}

/// <summary>A column.</summary>
/// <param name="Name">Name.</param>
/// <param name="Weight">Its share of the width on paper.</param>
/// <param name="IsNumber">Whether it holds numbers.</param>
internal sealed record ReportColumn(string Name, double Weight, bool IsNumber = false);
