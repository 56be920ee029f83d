using System.Text.Json;
using Xunit;

namespace LocalFirst.Guard.Conformance.Audit;

/// <summary>Finds other people's vectors: in GUARD_TEST_DATA, else in ../shared/data beside the repository. They are not part of it.</summary>
internal static class AuditVectors
{
    /// <summary>The lines of a JSON-lines file; skips the test by name when the file is not here.</summary>
    public static IReadOnlyList<JsonElement> Lines(string file) =>
        [.. File.ReadLines(Find(file)).Where(l => l.Length > 0).Select(Parse)];

    /// <summary>A whole JSON file; skips the test by name when it is not here.</summary>
    public static JsonElement Document(string file) => Parse(File.ReadAllText(Find(file)));

    private static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }

    private static string Find(string file)
    {
        var path = Folders().Select(f => Path.Combine(f, "audit", file)).FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, $"conformance data audit/{file} is not on this machine (GUARD_TEST_DATA)");
        return path!;
    }

    private static IEnumerable<string> Folders()
    {
        if (Environment.GetEnvironmentVariable("GUARD_TEST_DATA") is { Length: > 0 } named)
        {
            yield return named;
            yield break;
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "LocalFirst.Guard.sln")))
            {
                yield return Path.Combine(folder.FullName, "..", "shared", "data");
            }
        }
    }
}
