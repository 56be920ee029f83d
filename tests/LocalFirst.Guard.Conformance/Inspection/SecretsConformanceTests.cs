using System.IO.Compression;
using System.Text.Json;
using LocalFirst.Guard.Inspection;
using LocalFirst.Guard.Inspection.Secrets;
using Xunit;

namespace LocalFirst.Guard.Conformance.Inspection;

/// <summary>
/// The cases of other secret scanners' own tests. The floors are what was measured with rules for prefixes, proofs and a few keywords; most of what is
/// missed is a value beside any name, which no rule here looks for.
/// </summary>
public sealed class SecretsConformanceTests(ITestOutputHelper output)
{
    private static readonly Inspector Secrets = new([SecretsDetector.Default]);

    [Theory]
    [InlineData("gitleaks", 0.65)]
    [InlineData("secretlint", 0.61)]
    [InlineData("detect-secrets", 0.15)]
    [InlineData("kingfisher", 0.11)]
    public void Secrets_that_others_find_are_found_as_often_as_measured(string source, double floor)
    {
        var cases = Cases().Where(item => item.Source == source && item.IsSecret).ToArray();
        Assert.NotEmpty(cases);

        var missed = cases.Where(item => !Finds(item)).ToArray();
        var recall = 1 - ((double)missed.Length / cases.Length);
        output.WriteLine($"{source}: {recall:P1} of {cases.Length} found.");
        output.WriteLine($"Rules with most misses: {string.Join(", ", missed.CountBy(item => item.Rule).OrderByDescending(pair => pair.Value).Take(20).Select(pair => $"{pair.Key} {pair.Value}"))}");
        Assert.True(recall >= floor, $"{source}: {recall:P1} is below the measured {floor:P0}.");
    }

    [Fact]
    public void Nothing_is_found_where_others_find_nothing()
    {
        var cases = Cases().Where(item => !item.IsSecret).ToArray();
        Assert.NotEmpty(cases);

        // A negative means that one rule must stay silent; another may speak with right, so that this is a floor of silence.
        var silent = cases.Count(item => Secrets.Inspect(new InspectionText(item.Text)).Findings.Count == 0);
        output.WriteLine($"{(double)silent / cases.Length:P1} of {cases.Length} negatives give no finding at all.");
        foreach (var item in cases.Where(item => Secrets.Inspect(new InspectionText(item.Text)).Findings.Count > 0))
        {
            output.WriteLine($"{item.Source} {item.Rule} {item.Id}: {string.Join(", ", Secrets.Inspect(new InspectionText(item.Text)).Findings.Select(finding => $"{finding.Rule} ({finding.Tier})"))}");
        }

        Assert.True((double)silent / cases.Length >= 0.87);
    }

    [Fact]
    public void No_case_is_left_uninspected() =>
        Assert.All(Cases(), item => Assert.Null(Secrets.Inspect(new InspectionText(item.Text)).Failure));

    private static bool Finds(Case item)
    {
        var findings = Secrets.Inspect(new InspectionText(item.Text)).Findings;
        if (item.Value is null)
        {
            return findings.Count > 0;
        }

        var start = item.Text.IndexOf(item.Value, StringComparison.Ordinal);
        return start < 0 ? findings.Count > 0 : findings.Any(finding => finding.Start < start + item.Value.Length && finding.End > start);
    }

    private static List<Case> Cases()
    {
        using var file = File.OpenRead(TestData.Find("secrets/dev.jsonl.gz"));
        using var reader = new StreamReader(new GZipStream(file, CompressionMode.Decompress));
        var cases = new List<Case>();
        while (reader.ReadLine() is { } line)
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            cases.Add(new Case(
                root.GetProperty("source").GetString()!,
                root.GetProperty("rule").GetString()!,
                root.GetProperty("id").GetString()!,
                root.GetProperty("text").GetString()!,
                root.GetProperty("secret").GetBoolean(),
                root.TryGetProperty("secret_value", out var value) ? value.GetString() : null));
        }

        return cases;
    }

    private sealed record Case(string Source, string Rule, string Id, string Text, bool IsSecret, string? Value);
}
