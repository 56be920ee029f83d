using System.Text;
using LocalFirst.Guard.Reports.Content;

namespace LocalFirst.Guard.Reports;

/// <summary>One self-contained page: no script, nothing from elsewhere, printable.</summary>
internal static class HtmlReport
{
    private const string Style = """
        :root { color-scheme: light dark; --line: light-dark(#d5dade, #39424a); --soft: light-dark(#55616b, #a3b0ba); --back: light-dark(#f4f6f7, #1b2126); }
        body { font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; max-width: 78rem; margin: 2rem auto; padding: 0 1.2rem; overflow-wrap: anywhere; color: light-dark(#182026, #e7ecef); background: light-dark(#fff, #14181b); }
        h1 { font-size: 1.7rem; margin: 0 0 1rem; } h2 { font-size: 1.25rem; margin: 2rem 0 .6rem; border-bottom: 1px solid var(--line); padding-bottom: .2rem; } h3 { font-size: 1rem; margin: 1.3rem 0 .4rem; }
        p { margin: .4rem 0; } .answer { font-weight: 600; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; width: 100%; font-size: .87rem; margin: .5rem 0 1rem; }
        caption { text-align: left; color: var(--soft); padding: .2rem 0; }
        th, td { text-align: left; vertical-align: top; padding: .3rem .5rem; border-bottom: 1px solid var(--line); }
        tbody th { font-weight: 500; } thead th { background: var(--back); }
        .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
        pre { background: var(--back); border: 1px solid var(--line); padding: .6rem .8rem; font-size: .8rem; white-space: pre-wrap; }
        bdi { unicode-bidi: isolate; }
        @media print { body { max-width: none; margin: 0; color: #000; background: #fff; } thead { display: table-header-group; } tr, pre { break-inside: avoid; } h2, h3 { break-after: avoid; } .scroll { overflow: visible; } }
        @page { size: A4 landscape; margin: 14mm; }
        """;

    public static byte[] Render(ReportDocument document)
    {
        var page = new StringBuilder();
        page.Append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
        page.Append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n");
        page.Append("<title>").Append(Escape(document.Title)).Append("</title>\n<style>\n").Append(Style.ReplaceLineEndings("\n")).Append("\n</style>\n</head>\n<body>\n<main>\n");
        page.Append("<h1>").Append(Escape(document.Title)).Append("</h1>\n");
        foreach (var block in document.Blocks)
        {
            Append(page, block);
        }

        page.Append("</main>\n</body>\n</html>\n");
        return new UTF8Encoding(false).GetBytes(page.ToString());
    }

    private static void Append(StringBuilder page, ReportBlock block)
    {
        switch (block)
        {
            case HeadingBlock heading:
                var tag = heading.Level == 2 ? "h2" : "h3";
                page.Append('<').Append(tag).Append("><bdi>").Append(Escape(heading.Text)).Append("</bdi></").Append(tag).Append(">\n");
                break;

            case ParagraphBlock paragraph:
                page.Append(paragraph.IsStrong ? "<p class=\"answer\">" : "<p>").Append("<bdi>").Append(Escape(paragraph.Text)).Append("</bdi></p>\n");
                break;

            case LiteralBlock literal:
                page.Append("<pre>").Append(Escape(literal.Text, keepLines: true)).Append("</pre>\n");
                break;

            case TableBlock table:
                Append(page, table);
                break;
        }
    }

    private static void Append(StringBuilder page, TableBlock table)
    {
        page.Append("<div class=\"scroll\"><table>\n<caption>").Append(Escape(table.Caption)).Append("</caption>\n");
        if (table.HasHeader)
        {
            page.Append("<thead><tr>");
            foreach (var column in table.Columns)
            {
                page.Append(column.IsNumber ? "<th scope=\"col\" class=\"number\">" : "<th scope=\"col\">").Append(Escape(column.Name)).Append("</th>");
            }

            page.Append("</tr></thead>\n");
        }

        page.Append("<tbody>\n");
        foreach (var row in table.Rows)
        {
            page.Append("<tr>");
            for (var i = 0; i < row.Count; i++)
            {
                var tag = i == 0 ? "th" : "td";
                page.Append('<').Append(tag).Append(i == 0 ? " scope=\"row\"" : "").Append(table.Columns[i].IsNumber ? " class=\"number\"" : "").Append("><bdi>")
                    .Append(Escape(row[i])).Append("</bdi></").Append(tag).Append('>');
            }

            page.Append("</tr>\n");
        }

        page.Append("</tbody>\n</table></div>\n");
    }

    /// <summary>Text as text: what means something to HTML is escaped, what controls a display is left out.</summary>
    internal static string Escape(string text, bool keepLines = false)
    {
        var safe = new StringBuilder(text.Length + 16);
        foreach (var rune in PlainRunes.Of(text, keepLines))
        {
            switch (rune.Value)
            {
                case '&':
                    safe.Append("&amp;");
                    break;
                case '<':
                    safe.Append("&lt;");
                    break;
                case '>':
                    safe.Append("&gt;");
                    break;
                case '"':
                    safe.Append("&quot;");
                    break;
                case '\'':
                    safe.Append("&#39;");
                    break;
                default:
                    safe.Append(rune.ToString());
                    break;
            }
        }

        return safe.ToString();
    }
}
