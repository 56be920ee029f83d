using System.Text.Json;
using LocalFirst.Guard.Inspection;
using Spectre.Console;

namespace LocalFirst.Guard.Scanning;

/// <summary>A finding in a scanned text.</summary>
/// <param name="Path">Where the text comes from.</param>
/// <param name="Line">Line, from 1.</param>
/// <param name="Column">Column, from 1, in UTF-16 code units.</param>
/// <param name="Finding">The finding.</param>
internal sealed record ScanFinding(string Path, int Line, int Column, Finding Finding);

/// <summary>Prints the findings of a scan; places and rules only, never a value.</summary>
internal static class ScanReport
{
    // Beyond the longest path of any system.
    private const int WidestLine = 65_536;

    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>The stable form: <c>{"version":1,"findings":[…]}</c>.</summary>
    public static void WriteJson(Stream output, IReadOnlyList<ScanFinding> findings)
    {
        using var writer = new Utf8JsonWriter(output, Indented);
        writer.WriteStartObject();
        writer.WriteNumber("version", 1);
        writer.WriteStartArray("findings");
        foreach (var found in findings)
        {
            writer.WriteStartObject();
            writer.WriteString("path", found.Path);
            writer.WriteNumber("line", found.Line);
            writer.WriteNumber("column", found.Column);
            writer.WriteString("detector", found.Finding.Detector);
            writer.WriteString("rule", found.Finding.Rule);
            writer.WriteString("type", found.Finding.Type);
            writer.WriteNumber("start", found.Finding.Start);
            writer.WriteNumber("end", found.Finding.End);
            writer.WriteNumber("confidence", found.Finding.Confidence);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
        output.Write("\n"u8);
    }

    /// <summary>For people: a line a finding, so that editors and terminals make its place a link.</summary>
    public static void WriteText(IAnsiConsole console, IReadOnlyList<ScanFinding> findings, int texts)
    {
        // A wrapped line is no link, and a terminal wraps by itself.
        console.Profile.Width = WidestLine;
        foreach (var found in findings)
        {
            var finding = found.Finding;

            // Text, not markup: a path may hold brackets.
            console.Write(new Text($"{Printable(found.Path)}:{found.Line}:{found.Column} ", new Style(decoration: Decoration.Bold)));
            console.Write(new Text($"{finding.Type} ", new Style(finding.Tier <= Tier.Structural ? Color.Red : Color.Yellow)));
            console.Write(new Text($"{finding.Detector}/{finding.Rule} ({finding.Tier.ToString().ToLowerInvariant()}, {finding.Confidence:0.00})"));
            console.WriteLine();
        }

        var what = findings.Count switch
        {
            0 => "Nothing found",
            1 => "1 finding",
            _ => $"{findings.Count} findings",
        };
        console.Write(new Text($"{what} in {texts} {(texts == 1 ? "text" : "texts")}."));
        console.WriteLine();
    }

    /// <summary>A path for a terminal: a file's name may hold control characters, which could rewrite what the reader sees.</summary>
    public static string Printable(string path) => string.Create(path.Length, path, static (span, path) =>
    {
        for (var at = 0; at < span.Length; at++)
        {
            span[at] = char.IsControl(path[at]) ? '?' : path[at];
        }
    });
}
