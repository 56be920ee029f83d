using System.Text.Json;

namespace LocalFirst.Guard.Conformance.Audit;

/// <summary>Other people's vectors for Merkle trees and signed notes.</summary>
internal static class AuditVectors
{
    /// <summary>The lines of a JSON-lines file; skips the test by name when the file is not here.</summary>
    public static IReadOnlyList<JsonElement> Lines(string file) =>
        [.. File.ReadLines(TestData.Find("audit/" + file)).Where(l => l.Length > 0).Select(Parse)];

    /// <summary>A whole JSON file; skips the test by name when it is not here.</summary>
    public static JsonElement Document(string file) => Parse(File.ReadAllText(TestData.Find("audit/" + file)));

    private static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}
