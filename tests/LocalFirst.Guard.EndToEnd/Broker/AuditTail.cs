using System.Text.Json;
using Xunit;

namespace LocalFirst.Guard.EndToEnd.Broker;

/// <summary>One record of the log, as <c>guard audit tail --format json</c> tells it.</summary>
/// <param name="Index">Leaf index.</param>
/// <param name="Record">The record: <c>type</c>, <c>exchange</c> and what belongs to the type.</param>
internal sealed record TailedRecord(long Index, JsonElement Record)
{
    public string Type => Text("type") ?? "";

    public string? Exchange => Text("exchange");

    public string? Text(string name) => Record.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}

/// <summary>Reads the audit log the way a person does: through the command.</summary>
internal static class AuditTail
{
    /// <summary>Every record, oldest first.</summary>
    public static async Task<IReadOnlyList<TailedRecord>> ReadAsync(string home)
    {
        var result = await GuardCli.RunAsync(home, ["audit", "tail", "--format", "json", "-n", "10000", "--home", home]);
        Assert.True(result.ExitCode == 0, result.Everything);
        return [.. Parse(result.Out).OrderBy(r => r.Index)];
    }

    /// <summary>The log is whole, and each decision stands before the outcome of its exchange.</summary>
    public static async Task<IReadOnlyList<TailedRecord>> AssertWholeAsync(string home)
    {
        var verify = await GuardCli.RunAsync(home, ["audit", "verify", "--home", home]);
        Assert.True(verify.ExitCode == 0, verify.Everything);

        var records = await ReadAsync(home);
        foreach (var outcome in records.Where(r => r.Type == "outcome"))
        {
            var decision = Assert.Single(records, r => r.Type == "decision" && r.Exchange == outcome.Exchange);
            Assert.True(decision.Index < outcome.Index, $"The outcome of {outcome.Exchange} stands at {outcome.Index}, its decision at {decision.Index}.");
        }

        return records;
    }

    /// <summary>The one place that knows the shape of the command's JSON: one record a line, or an array, with <c>index</c> beside or around the record.</summary>
    private static IEnumerable<TailedRecord> Parse(string json)
    {
        var trimmed = json.Trim();
        var items = trimmed.StartsWith('[')
            ? JsonElement.Parse(trimmed).EnumerateArray().ToList()
            : trimmed.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(line => JsonElement.Parse(line)).ToList();
        return items.Select((item, at) => new TailedRecord(
            item.TryGetProperty("index", out var index) ? index.GetInt64() : at,
            item.TryGetProperty("record", out var record) ? record : item));
    }
}
