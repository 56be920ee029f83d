using SkiaSharp;

namespace LocalFirst.Guard.Reports.Pdf;

/// <summary>The fonts of a report as PDF: those that came with the program, never the system's, so that the pages are the same everywhere.</summary>
internal sealed class ReportFonts : IDisposable
{
    private ReportFonts(SKTypeface text, SKTypeface bold, SKTypeface mono) => (Text, Bold, Mono) = (text, bold, mono);

    /// <summary>Where the build puts them.</summary>
    public static string DefaultFolder => Path.Combine(AppContext.BaseDirectory, "fonts");

    public SKTypeface Text { get; }

    public SKTypeface Bold { get; }

    public SKTypeface Mono { get; }

    /// <summary>Loads them.</summary>
    /// <exception cref="ReportException">They are not there, or Skia's library cannot be loaded.</exception>
    public static ReportFonts Load(string folder)
    {
        try
        {
            return new ReportFonts(Read(folder, "DejaVuSans.ttf"), Read(folder, "DejaVuSans-Bold.ttf"), Read(folder, "DejaVuSansMono.ttf"));
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException or BadImageFormatException)
        {
            throw new ReportException($"A report as PDF needs Skia's library, and it cannot be loaded here ({e.GetType().Name}).", "Take the report as HTML, which prints as well, or as CSV or JSON.");
        }
    }

    public void Dispose()
    {
        Text.Dispose();
        Bold.Dispose();
        Mono.Dispose();
    }

    private static SKTypeface Read(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        return (File.Exists(path) ? SKTypeface.FromFile(path) : null)
            ?? throw new ReportException($"A report as PDF needs the font {path}, which is not there: it was built without npm.", "Install Node.js with npm and build again, or take the report as HTML, which prints as well, or as CSV or JSON.");
    }
}
