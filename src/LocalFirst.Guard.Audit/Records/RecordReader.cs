using System.Globalization;
using System.Text.Json;

namespace LocalFirst.Guard.Audit.Records;

/// <summary>Reads canonical bytes back into records. Unknown members are ignored, as later versions may add some.</summary>
internal static class RecordReader
{
    /// <summary>The record, or an <see cref="UnknownRecord"/> when type, version or members are not known here.</summary>
    /// <exception cref="FormatException">Not a record at all: no JSON object, no type or no time.</exception>
    public static AuditRecord Read(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            var json = document.RootElement;
            if (json.ValueKind != JsonValueKind.Object)
            {
                throw new FormatException("A record is a JSON object.");
            }

            var type = Text(json, "type");
            var time = Time(json);
            try
            {
                return Integer(json, "v") == RecordWriter.Version ? Known(json, type, time) : new UnknownRecord(type) { Time = time };
            }
            catch (FormatException)
            {
                return new UnknownRecord(type) { Time = time };
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FormatException("A record is a JSON object in UTF-8.", e);
        }
    }

    /// <summary>The record, or an <see cref="UnknownRecord"/> without a time for bytes that are no record.</summary>
    public static AuditRecord ReadOrUnknown(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return Read(bytes);
        }
        catch (FormatException)
        {
            return new UnknownRecord("") { Time = DateTimeOffset.UnixEpoch };
        }
    }

    private static AuditRecord Known(JsonElement json, string type, DateTimeOffset time) => type switch
    {
        "decision" => Decision(json, time),
        "outcome" => Outcome(json, time),
        "event" => new EventRecord { Time = time, Name = Text(json, "name"), Detail = Text(json, "detail") },
        "epoch" => new EpochRecord { Time = time, Epoch = Integer(json, "epoch"), Reason = Text(json, "reason"), Previous = OptionalText(json, "previous") },
        _ => new UnknownRecord(type) { Time = time },
    };

    private static DecisionRecord Decision(JsonElement json, DateTimeOffset time) => new()
    {
        Time = time,
        Exchange = Text(json, "exchange"),
        Client = Text(json, "client"),
        Provider = Text(json, "provider"),
        Host = Text(json, "host"),
        Method = Text(json, "method"),
        Endpoint = Text(json, "endpoint"),
        Api = Text(json, "api"),
        Entry = Text(json, "entry"),
        Model = OptionalText(json, "model"),
        Stream = Boolean(json, "stream"),
        State = Text(json, "state"),
        StateReason = OptionalText(json, "state_reason"),
        BodyBytes = Integer(json, "body_bytes"),
        BodyHash = Text(json, "body_hash"),
        Parts = Small(json, "parts"),
        FindingCount = Small(json, "finding_count"),
        Findings = [.. Items(json, "findings").Select(Finding)],
        Action = Text(json, "action"),
        ReasonCount = Small(json, "reason_count"),
        Reasons = [.. Items(json, "reasons").Select(Reason)],
        Policy = Text(json, "policy"),
        PolicyVersion = Text(json, "policy_version"),
        PolicyHash = Text(json, "policy_hash"),
        Phase = OptionalText(json, "phase"),
        Session = OptionalText(json, "session"),
        ModelSent = OptionalText(json, "model_sent"),
        Terms = OptionalText(json, "terms"),
        Bundle = OptionalInteger(json, "bundle"),
        Attempt = Small(json, "attempt"),
        LatencyMs = Number(json, "latency_ms"),
    };

    private static OutcomeRecord Outcome(JsonElement json, DateTimeOffset time) => new()
    {
        Time = time,
        Exchange = Text(json, "exchange"),
        Result = Text(json, "result"),
        Status = Small(json, "status"),
        BytesOut = Integer(json, "bytes_out"),
        BytesIn = Integer(json, "bytes_in"),
        AnsweredBy = Text(json, "answered_by"),
        Error = OptionalText(json, "error"),
        DurationMs = Number(json, "duration_ms"),
        Usage = json.TryGetProperty("usage", out var usage) ? Usage(usage) : null,
    };

    private static RecordedUsage Usage(JsonElement json) => new(
        Text(json, "model"),
        Integer(json, "input"),
        Integer(json, "cache_read"),
        Integer(json, "cache_write"),
        Integer(json, "output"),
        OptionalInteger(json, "cost_nano_usd"),
        OptionalInteger(json, "cloud_cost_nano_usd"),
        OptionalText(json, "prices"),
        Boolean(json, "estimate"));

    private static RecordedFinding Finding(JsonElement json) => new(
        Text(json, "detector"),
        Text(json, "rule"),
        Text(json, "type"),
        Small(json, "tier"),
        Number(json, "confidence"),
        Text(json, "place"),
        Small(json, "start"),
        Small(json, "length"),
        Text(json, "value_hash"));

    private static RecordedReason Reason(JsonElement json) =>
        new(Text(json, "rule"), Text(json, "action"), Text(json, "reason"), OptionalText(json, "place"));

    private static DateTimeOffset Time(JsonElement json) =>
        DateTimeOffset.TryParseExact(Text(json, "time"), "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw Missing("time");

    private static string Text(JsonElement json, string name) => OptionalText(json, name) ?? throw Missing(name);

    private static string? OptionalText(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static long Integer(JsonElement json, string name) => Member(json, name).TryGetInt64(out var value) ? value : throw Missing(name);

    private static long? OptionalInteger(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out _) ? Integer(json, name) : null;

    private static int Small(JsonElement json, string name) => Member(json, name).TryGetInt32(out var value) ? value : throw Missing(name);

    private static double Number(JsonElement json, string name) => Member(json, name).TryGetDouble(out var value) ? value : throw Missing(name);

    private static JsonElement Member(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value : throw Missing(name);

    private static bool Boolean(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? json.GetProperty(name).GetBoolean()
            : throw Missing(name);

    private static IEnumerable<JsonElement> Items(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : throw Missing(name);

    private static FormatException Missing(string name) => new($"The member '{name}' is missing or of the wrong type.");
}
