using System.Globalization;
using System.Text;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Interception.Attacks;

/// <summary>The catalogue that people read is the one that runs.</summary>
public sealed class CatalogueDocumentTests
{
    private const string Start = "<!-- cases -->";
    private const string End = "<!-- end of cases -->";

    [Fact]
    public async Task The_document_lists_every_case_with_its_source_and_expectation()
    {
        var path = Path.Combine(Root(), "docs", "attack-catalogue.md");
        var document = await File.ReadAllTextAsync(path, Bounded.Test);
        var start = document.IndexOf(Start, StringComparison.Ordinal) + Start.Length;
        var end = document.IndexOf(End, StringComparison.Ordinal);
        var written = document[start..end].Trim();
        var cases = Table().Trim();

        if (Environment.GetEnvironmentVariable("GUARD_WRITE_DOCS") == "1")
        {
            await File.WriteAllTextAsync(path, $"{document[..start]}\n\n{cases}\n\n{document[end..]}", Bounded.Test);
            return;
        }

        Assert.True(written == cases, "docs/attack-catalogue.md does not list the cases as they are. Run this test once with GUARD_WRITE_DOCS=1.");
    }

    private static string Table()
    {
        var table = new StringBuilder();
        foreach (var (family, cases) in Catalogue.Families)
        {
            table.Append(CultureInfo.InvariantCulture, $"## {family}\n\n| case | source | the client is told | reaches the provider |\n|---|---|---|---|\n");
            foreach (var attack in cases)
            {
                var arrives = attack.Arrives.Count switch
                {
                    0 => "nothing",
                    1 => "the one request, framed anew",
                    var many => $"{many} requests, framed anew",
                };
                var told = attack.Told.Split(", ") is { Length: > 9 } answers ? $"{answers[0]} × {answers.Length}" : attack.Told;
                table.Append(CultureInfo.InvariantCulture, $"| `{attack.Id}` | {attack.Source} | {told} | {arrives} |\n");
            }

            table.Append('\n');
        }

        return table.ToString();
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "LocalFirst.Guard.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The tests do not run from within the repository.");
    }
}
