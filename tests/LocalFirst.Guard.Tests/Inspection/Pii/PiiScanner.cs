using LocalFirst.Guard.Inspection;
using LocalFirst.Guard.Inspection.Pii;
using LocalFirst.Guard.Inspection.Views;

namespace LocalFirst.Guard.Tests.Inspection.Pii;

/// <summary>Runs the detector the way the inspector does.</summary>
internal static class PiiScanner
{
    /// <summary>Work per code unit that even crafted text may cost.</summary>
    public const int WorstWorkPerCodeUnit = 64;

    public static IReadOnlyList<Finding> Scan(string text, Zone zone = Zone.Unknown)
    {
        var findings = new List<Finding>();
        new PiiDetector().Detect(TextView.Identity(new InspectionText(text, zone)), new WorkBudget(1000 + ((long)WorstWorkPerCodeUnit * text.Length)), findings);
        return findings;
    }

    public static string[] Values(string text) => [.. Scan(text).Select(f => text[f.Start..f.End])];

    public static string[] Types(string text) => [.. Scan(text).Where(f => f.Tier < Tier.Hint).Select(f => f.Type)];
}
