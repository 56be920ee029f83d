using System.Text;
using SkiaSharp;

namespace LocalFirst.Guard.Reports.Pdf;

/// <summary>
/// Sets blocks on pages: a pen goes down the page, and what does not fit begins the next. Nothing is drawn before all pages are known, because each
/// page says how many there are. Lengths are PostScript points (1/72 inch).
/// </summary>
internal sealed class PdfPages : IDisposable
{
    /// <summary>A4, landscape: the tables are wide.</summary>
    public const float Width = 842, Height = 595;

    private const float Margin = 40, Bottom = Height - 46, Padding = 3;

    private readonly List<List<Action<SKCanvas>>> _pages = [[]];
    private readonly Dictionary<(SKTypeface Face, float Size), SKFont> _fonts = [];
    private readonly SKPaint _ink = new() { Color = new SKColor(0x18, 0x20, 0x26), IsAntialias = true };
    private readonly SKPaint _soft = new() { Color = new SKColor(0x55, 0x61, 0x6b), IsAntialias = true };
    private readonly SKPaint _line = new() { Color = new SKColor(0xc5, 0xcc, 0xd2), StrokeWidth = .6f, IsStroke = true };
    private readonly SKPaint _back = new() { Color = new SKColor(0xf0, 0xf3, 0xf5) };
    private float _y = Margin;

    public static float Inner => Width - (2 * Margin);

    public int Count => _pages.Count;

    /// <summary>Room, unless the page begins here.</summary>
    public void Space(float height)
    {
        if (_y > Margin)
        {
            _y += height;
        }
    }

    /// <summary>Begins a page unless this much still fits.</summary>
    public void Need(float height)
    {
        if (_y > Margin && _y + height > Bottom)
        {
            NextPage();
        }
    }

    /// <summary>Text over the whole width, broken where it has to be.</summary>
    public void Text(string text, SKTypeface face, float size)
    {
        var font = FontOf(face, size);
        foreach (var line in Wrap(text, font, Inner))
        {
            Need(Leading(size));
            Draw(line, Margin, _y + size, font, _ink);
            _y += Leading(size);
        }
    }

    /// <summary>A row of a table. One that is longer than the rest of the page goes to the next whole, or in pieces when it is longer than a page.</summary>
    /// <param name="cells">Texts.</param>
    /// <param name="weights">Shares of the width.</param>
    /// <param name="isNumber">Whether a column stands at the right.</param>
    /// <param name="face">Font.</param>
    /// <param name="size">Size.</param>
    /// <param name="isHeader">Whether it is a header.</param>
    /// <param name="onNewPage">Called when a page begins inside the table; draws the header again.</param>
    public void Row(IReadOnlyList<string> cells, IReadOnlyList<double> weights, IReadOnlyList<bool> isNumber, SKTypeface face, float size, bool isHeader, Action? onNewPage)
    {
        var font = FontOf(face, size);
        var total = weights.Sum();
        var widths = weights.Select(w => (float)(w / total) * Inner).ToList();
        var lines = cells.Select((cell, i) => Wrap(cell, font, widths[i] - (2 * Padding))).ToList();
        var rows = lines.Max(l => l.Count);
        if (_y + RowHeight(rows, size) > Bottom && _y > Margin)
        {
            NextPage();
            onNewPage?.Invoke();
        }

        for (var done = 0; done < rows;)
        {
            var fit = Math.Max(1, (int)((Bottom - _y - (2 * Padding)) / Leading(size)));
            var take = Math.Min(fit, rows - done);
            var (top, height, x) = (_y, RowHeight(take, size), Margin);
            if (isHeader)
            {
                _pages[^1].Add(canvas => canvas.DrawRect(Margin, top, Inner, height, _back));
            }

            for (var column = 0; column < lines.Count; column++)
            {
                for (var i = 0; i < take && done + i < lines[column].Count; i++)
                {
                    var text = lines[column][done + i];
                    var left = isNumber[column] ? x + widths[column] - Padding - font.MeasureText(text) : x + Padding;
                    Draw(text, left, top + Padding + (i * Leading(size)) + size, font, _ink);
                }

                x += widths[column];
            }

            _pages[^1].Add(canvas => canvas.DrawLine(Margin, top + height, Margin + Inner, top + height, _line));
            _y += height;
            done += take;
            if (done < rows)
            {
                NextPage();
                onNewPage?.Invoke();
            }
        }
    }

    /// <summary>Draws all pages.</summary>
    public void Render(SKDocument document, string footer, SKTypeface face)
    {
        var font = FontOf(face, 7.5f);
        var left = Plain(footer, font);
        for (var page = 0; page < _pages.Count; page++)
        {
            var canvas = document.BeginPage(Width, Height);
            foreach (var draw in _pages[page])
            {
                draw(canvas);
            }

            var right = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"Page {page + 1} of {_pages.Count}");
            canvas.DrawText(left, Margin, Height - 26, SKTextAlign.Left, font, _soft);
            canvas.DrawText(right, Width - Margin, Height - 26, SKTextAlign.Right, font, _soft);
            document.EndPage();
        }
    }

    public void Dispose()
    {
        foreach (var font in _fonts.Values)
        {
            font.Dispose();
        }

        _ink.Dispose();
        _soft.Dispose();
        _line.Dispose();
        _back.Dispose();
    }

    public static float Leading(float size) => size * 1.35f;

    private static float RowHeight(int lines, float size) => (lines * Leading(size)) + (2 * Padding);

    private void NextPage()
    {
        _pages.Add([]);
        _y = Margin;
    }

    private void Draw(string text, float x, float y, SKFont font, SKPaint paint)
    {
        if (text.Length > 0)
        {
            _pages[^1].Add(canvas => canvas.DrawText(text, x, y, SKTextAlign.Left, font, paint));
        }
    }

    // Linear metrics and no hinting: widths come from the font alone, not from how a system would draw it on a screen.
    private SKFont FontOf(SKTypeface face, float size)
    {
        if (!_fonts.TryGetValue((face, size), out var font))
        {
            _fonts[(face, size)] = font = new SKFont(face, size) { Subpixel = true, LinearMetrics = true, Hinting = SKFontHinting.None, Edging = SKFontEdging.Antialias };
        }

        return font;
    }

    private static List<string> Wrap(string text, SKFont font, float width)
    {
        var lines = new List<string>();
        foreach (var paragraph in text.Split('\n'))
        {
            var line = "";
            foreach (var word in Plain(paragraph, font).Split(' '))
            {
                var longer = line.Length == 0 ? word : $"{line} {word}";
                if (font.MeasureText(longer) <= width)
                {
                    line = longer;
                    continue;
                }

                if (line.Length > 0)
                {
                    lines.Add(line);
                }

                line = Break(word, font, width, lines);
            }

            lines.Add(line);
        }

        return lines;
    }

    /// <summary>Breaks a word that is longer than a line (a hash, an address) wherever the line ends; returns what is left for the next line.</summary>
    private static string Break(string word, SKFont font, float width, List<string> lines)
    {
        var piece = new StringBuilder();
        foreach (var rune in word.EnumerateRunes())
        {
            if (piece.Length > 0 && font.MeasureText($"{piece}{rune}") > width)
            {
                lines.Add(piece.ToString());
                piece.Clear();
            }

            piece.Append(rune.ToString());
        }

        return piece.ToString();
    }

    /// <summary>Text as text; a character that the font does not have is shown as one that says so.</summary>
    private static string Plain(string text, SKFont font)
    {
        var plain = new StringBuilder(text.Length);
        foreach (var rune in PlainRunes.Of(text))
        {
            plain.Append(font.GetGlyph(rune.Value) != 0 ? rune.ToString() : "\uFFFD");
        }

        return plain.ToString();
    }
}
