namespace LocalFirst.Guard.EndToEnd.Interception.Attacks;

/// <summary>Why the broker does not do as squid does.</summary>
internal static class SquidDifferences
{
    public static IReadOnlyDictionary<string, string> Reasons { get; } = new Dictionary<string, string>
    {
    };
}
