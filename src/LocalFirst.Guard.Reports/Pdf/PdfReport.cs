using LocalFirst.Guard.Audit.Questions;
using LocalFirst.Guard.Reports.Content;
using SkiaSharp;

namespace LocalFirst.Guard.Reports.Pdf;

/// <summary>The report as pages. Its dates are those of the period, so that the same report has the same bytes.</summary>
internal static class PdfReport
{
    private const float BodySize = 9, TableSize = 7.5f, TitleSize = 18, HeadingSize = 13, SmallHeadingSize = 10, LiteralSize = 7.5f;

    public static byte[] Render(ReportDocument document, QuestionPeriod period, ReportFonts fonts)
    {
        using var pages = new PdfPages();
        pages.Text(document.Title, fonts.Bold, TitleSize);
        pages.Space(6);
        foreach (var block in document.Blocks)
        {
            Add(pages, block, fonts);
        }

        using var bytes = new MemoryStream();
        var metadata = new SKDocumentPdfMetadata
        {
            Title = $"{document.Title}, {period}",
            Author = "LocalFirst.Guard",
            Creator = "LocalFirst.Guard",
            Producer = "LocalFirst.Guard",
            Creation = period.To.UtcDateTime,
            Modified = period.To.UtcDateTime,
            EncodingQuality = 101,
            RasterDpi = 72,
        };
        using (var pdf = SKDocument.CreatePdf(bytes, metadata))
        {
            pages.Render(pdf, $"{document.Title}, {period}", fonts.Text);
            pdf.Close();
        }

        return InUtc(bytes.ToArray());
    }

    /// <summary>
    /// Skia's binding writes the machine's time zone behind a date that was given in UTC (PDF 32000-1 §7.9.4: D:YYYYMMDDHHmmSS and the offset). The offset is put right
    /// in its place; no byte moves, so that the cross-reference table stays true.
    /// </summary>
    private static byte[] InUtc(byte[] pdf)
    {
        foreach (var key in new[] { "/CreationDate (D:"u8.ToArray(), "/ModDate (D:"u8.ToArray() })
        {
            var at = pdf.AsSpan().IndexOf(key);
            if (at >= 0)
            {
                "+00'00'"u8.CopyTo(pdf.AsSpan(at + key.Length + "YYYYMMDDHHmmSS".Length));
            }
        }

        return pdf;
    }

    private static void Add(PdfPages pages, ReportBlock block, ReportFonts fonts)
    {
        switch (block)
        {
            case HeadingBlock heading:
                var size = heading.Level == 2 ? HeadingSize : SmallHeadingSize;
                pages.Space(heading.Level == 2 ? 12 : 7);

                // Not the last line of a page: what it is about begins below it.
                pages.Need(PdfPages.Leading(size) + 60);
                pages.Text(heading.Text, fonts.Bold, size);
                pages.Space(2);
                break;

            case ParagraphBlock paragraph:
                pages.Text(paragraph.Text, paragraph.IsStrong ? fonts.Bold : fonts.Text, BodySize);
                pages.Space(3);
                break;

            case LiteralBlock literal:
                pages.Text(literal.Text, fonts.Mono, LiteralSize);
                pages.Space(3);
                break;

            case TableBlock table:
                Add(pages, table, fonts);
                break;
        }
    }

    private static void Add(PdfPages pages, TableBlock table, ReportFonts fonts)
    {
        var weights = table.Columns.Select(c => c.Weight).ToList();
        var isNumber = table.Columns.Select(c => c.IsNumber).ToList();
        pages.Need(60);
        pages.Text(table.Caption, fonts.Text, TableSize);
        pages.Space(2);
        Header();
        foreach (var row in table.Rows)
        {
            pages.Row(row, weights, isNumber, fonts.Text, TableSize, isHeader: false, Header);
        }

        pages.Space(8);

        void Header()
        {
            if (table.HasHeader)
            {
                pages.Row([.. table.Columns.Select(c => c.Name)], weights, isNumber, fonts.Bold, TableSize, isHeader: true, null);
            }
        }
    }
}
