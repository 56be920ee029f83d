using System.Text.Json;
using LocalFirst.Guard.Inspection;
using LocalFirst.Guard.Inspection.Pii;
using LocalFirst.Guard.Inspection.Views;
using Xunit;

namespace LocalFirst.Guard.Conformance.Inspection;

/// <summary>
/// Other people's documents: floors are what was measured when the recognisers were written, a little below, so that a change that loses values
/// shows. A span counts as found when the type agrees and intersection over union is 0.5 or more.
/// </summary>
public sealed class PiiConformanceTests
{
    private static readonly string[] Types = ["EMAIL_ADDRESS", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "PHONE_NUMBER"];

    [Theory]
    [InlineData("EMAIL_ADDRESS", 1.0, 1.0)]
    [InlineData("CREDIT_CARD", 1.0, 1.0)]
    [InlineData("IBAN_CODE", 1.0, 1.0)]
    [InlineData("US_SSN", 1.0, 1.0)]
    [InlineData("PHONE_NUMBER", 0.99, 0.96)]
    public void Documents_of_presidio_research_reach_the_measured_floor(string type, double precision, double recall) =>
        Check("synth_v2_dev.jsonl", type, precision, recall, _ => true);

    [Theory]
    [InlineData("EMAIL_ADDRESS", 1.0, 1.0)]
    [InlineData("CREDIT_CARD", 1.0, 1.0)]
    [InlineData("IBAN_CODE", 1.0, 1.0)]
    [InlineData("PHONE_NUMBER", 0.94, 0.89)]
    public void Recogniser_vectors_of_presidio_reach_the_measured_floor(string type, double precision, double recall) =>
        Check("presidio_recognizer_tests_dev.jsonl", type, precision, recall, row => row.Entity == type);

    [Theory]
    [InlineData("EMAIL_ADDRESS", 1.0, 1.0)]
    [InlineData("PHONE_NUMBER", 0.98, 0.98)]
    public void English_sequences_of_Recognizers_Text_reach_the_measured_floor(string type, double precision, double recall) =>
        Check("recognizers_text_sequence_dev.jsonl", type, precision, recall, row => row.Language == "English" && row.Source.Contains(type[..4] is "EMAI" ? "/Email:" : "/PhoneNumber:", StringComparison.Ordinal));

    [Fact]
    public void Other_types_of_presidio_are_not_taken_for_ours()
    {
        var rows = PiiData.Read("presidio_recognizer_tests_dev.jsonl")
            .Where(row => !Types.Contains(row.Entity))
            .Where(row => row.Text != "110-81-4127") // a malformed Korean business number has exactly the shape of an SSN
            .ToList();
        var wrong = rows
            .SelectMany(row => Found(row.Text).Where(f => f.Tier <= Tier.Structural).Select(f => $"{row.Entity} as {f.Type}: {row.Text}"))
            .Where(line => !line.Contains("PHONE", StringComparison.Ordinal) && !line.Contains("MOBILE", StringComparison.Ordinal))
            .ToList();
        foreach (var line in wrong)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(line);
        }

        Assert.InRange(wrong.Count, 0, 0);
    }

    private static void Check(string file, string type, double precisionFloor, double recallFloor, Func<PiiData.Row, bool> where)
    {
        int truePositives = 0, falsePositives = 0, falseNegatives = 0;
        var output = TestContext.Current.TestOutputHelper;
        foreach (var row in PiiData.Read(file).Where(where))
        {
            var gold = row.Spans.Where(s => s.Type == type).ToList();
            var found = Found(row.Text).Where(f => f.Type == type).ToList();
            foreach (var finding in found)
            {
                var match = gold.FirstOrDefault(s => Overlap(s.Start, s.End, finding.Start, finding.End) >= 0.5);
                if (match is null)
                {
                    falsePositives++;
                    output?.WriteLine($"  wrong: {row.Text[finding.Start..finding.End]} in {row.Text}");
                }
                else
                {
                    truePositives++;
                    gold.Remove(match);
                }
            }

            falseNegatives += gold.Count;
            foreach (var missed in gold)
            {
                output?.WriteLine($"  missed: {row.Text[missed.Start..missed.End]} in {row.Text}");
            }
        }

        var precision = truePositives / (double)Math.Max(1, truePositives + falsePositives);
        var recall = truePositives / (double)Math.Max(1, truePositives + falseNegatives);
        output?.WriteLine($"{file} {type}: P {precision:0.000} R {recall:0.000} (found {truePositives}, wrong {falsePositives}, missed {falseNegatives})");
        Assert.True(truePositives > 0, "nothing was measured");
        Assert.InRange(precision, precisionFloor, 1);
        Assert.InRange(recall, recallFloor, 1);
    }

    private static List<Finding> Found(string text)
    {
        var findings = new List<Finding>();
        new PiiDetector().Detect(TextView.Identity(new InspectionText(text)), new WorkBudget(long.MaxValue), findings);
        return findings;
    }

    private static double Overlap(int start, int end, int otherStart, int otherEnd)
    {
        var shared = Math.Min(end, otherEnd) - Math.Max(start, otherStart);
        return shared <= 0 ? 0 : shared / (double)(Math.Max(end, otherEnd) - Math.Min(start, otherStart));
    }

    private static class PiiData
    {
        public sealed record Span(int Start, int End, string Type);

        public sealed record Row(string Source, string Text, string? Entity, string? Language, IReadOnlyList<Span> Spans);

        public static IEnumerable<Row> Read(string file)
        {
            foreach (var line in File.ReadLines(TestData.Find("pii/" + file)))
            {
                using var json = JsonDocument.Parse(line);
                var row = json.RootElement;
                yield return new Row(
                    row.GetProperty("source").GetString()!,
                    row.GetProperty("text").GetString()!,
                    row.TryGetProperty("entity", out var entity) ? entity.GetString() : null,
                    row.TryGetProperty("lang", out var language) ? language.GetString() : null,
                    [.. row.GetProperty("spans").EnumerateArray().Select(s => new Span(s.GetProperty("start").GetInt32(), s.GetProperty("end").GetInt32(), s.GetProperty("type").GetString()!))]);
            }
        }
    }
}
