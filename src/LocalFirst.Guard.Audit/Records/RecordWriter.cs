using System.Globalization;
using LocalFirst.Guard.Audit.Canonical;

namespace LocalFirst.Guard.Audit.Records;

/// <summary>
/// The canonical bytes of a record, as <c>docs/record-format.md</c> freezes them. Every string has a bound in canonical bytes, and the sum of the
/// bounds of a decision with one reason and one finding is below <see cref="MaxBytes"/>: a record always fits.
/// </summary>
internal static class RecordWriter
{
    /// <summary>Version of the record format, member <c>v</c>.</summary>
    public const int Version = 1;

    /// <summary>Longest record in bytes: under 4 KB, so that a record and its row fit one page of the database and C2SP tlog-tiles entries stay small.</summary>
    public const int MaxBytes = 4095;

    /// <summary>Largest count: 2^53 − 1, the largest integer that every JSON reader keeps (RFC 8785 §3.2.2.3).</summary>
    public const long MaxCount = (1L << 53) - 1;

    /// <summary>Bound of names and ids, in canonical bytes.</summary>
    public const int NameBytes = 64;

    /// <summary>Bound of host, endpoint, model and policy names, in canonical bytes.</summary>
    public const int LabelBytes = 255;

    /// <summary>Bound of a phase's name and of a keyed hash, in canonical bytes.</summary>
    public const int TokenBytes = 32;

    /// <summary>Bound of the model that policy named, in canonical bytes: what a decision has left besides its other strings.</summary>
    public const int ModelSentBytes = 128;

    /// <summary>Bound of reasons and places, in canonical bytes.</summary>
    public const int SentenceBytes = 240;

    /// <summary>Bound of an event's sentence, in canonical bytes.</summary>
    public const int DetailBytes = 1024;

    /// <summary>Bound of a checkpoint inside an epoch record, in canonical bytes.</summary>
    public const int CheckpointBytes = 2048;

    /// <exception cref="AuditException">The log does not write this type, or a number has no exact JSON form.</exception>
    public static byte[] Write(AuditRecord record)
    {
        try
        {
            return record switch
            {
                DecisionRecord decision => Write(decision),
                OutcomeRecord outcome => Write(outcome),
                EventRecord @event => Write(@event),
                EpochRecord epoch => Write(epoch),
                _ => throw new AuditException($"The audit log does not write records of the type '{record.Type}'.\n  → Report it: this is an error of the program."),
            };
        }
        catch (FormatException e)
        {
            throw new AuditException($"A record of the type '{record.Type}' has no canonical form: {e.Message}\n  → Report it: this is an error of the program.", e);
        }
    }

    /// <summary>RFC 3339 in UTC with exactly three decimals; what is finer is cut off.</summary>
    public static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>Exchange ids as they are written, for the index beside the bytes.</summary>
    public static string? ExchangeOf(AuditRecord record) => record switch
    {
        DecisionRecord decision => RecordText.Bound(decision.Exchange, NameBytes),
        OutcomeRecord outcome => RecordText.Bound(outcome.Exchange, NameBytes),
        _ => null,
    };

    private static byte[] Write(DecisionRecord record)
    {
        var reasonCount = Math.Max(record.ReasonCount ?? 0, record.Reasons.Count);
        var findingCount = Math.Max(record.FindingCount, record.Findings.Count);
        var room = MaxBytes - Write(record, findingCount, reasonCount, [], []).Length;

        // Both lists stand strongest first. They are filled in turns, reason before finding, so that a cut takes the weakest of both.
        var reasons = new List<byte[]>();
        var findings = new List<byte[]>();
        var reasonsOpen = true;
        var findingsOpen = true;
        for (var i = 0; reasonsOpen || findingsOpen; i++)
        {
            reasonsOpen = reasonsOpen && i < record.Reasons.Count && TryAdd(reasons, Write(record.Reasons[i]), ref room);
            findingsOpen = findingsOpen && i < record.Findings.Count && TryAdd(findings, Write(record.Findings[i]), ref room);
        }

        return Write(record, findingCount, reasonCount, findings, reasons);
    }

    private static bool TryAdd(List<byte[]> list, byte[] item, ref int room)
    {
        var cost = item.Length + (list.Count == 0 ? 0 : 1);
        if (cost > room)
        {
            return false;
        }

        room -= cost;
        list.Add(item);
        return true;
    }

    private static byte[] Write(DecisionRecord record, int findingCount, int reasonCount, List<byte[]> findings, List<byte[]> reasons)
    {
        var json = new CanonicalWriter();
        json.BeginObject();
        json.Member("action", Name(record.Action));
        json.Member("api", Name(record.Api));
        json.Member("attempt", record.Attempt);
        json.Member("body_bytes", record.BodyBytes);
        json.Member("body_hash", Name(record.BodyHash));
        if (record.Bundle is { } bundle)
        {
            json.Member("bundle", Count(bundle));
        }

        json.Member("client", Name(record.Client));
        json.Member("endpoint", Label(record.Endpoint));
        json.Member("entry", Name(record.Entry));
        json.Member("exchange", Name(record.Exchange));
        json.Member("finding_count", findingCount);
        List(json, "findings", findings);
        json.Member("host", Label(record.Host));
        json.Member("latency_ms", Milliseconds(record.LatencyMs));
        json.Member("method", Name(record.Method));
        json.MemberUnlessNull("model", record.Model is { } model ? Label(model) : null);
        json.MemberUnlessNull("model_sent", record.ModelSent is { } sent ? RecordText.Bound(sent, ModelSentBytes) : null);
        json.Member("parts", record.Parts);
        json.MemberUnlessNull("phase", record.Phase is { } phase ? Token(phase) : null);
        json.Member("policy", Label(record.Policy));
        json.Member("policy_hash", Name(record.PolicyHash));
        json.Member("policy_version", Name(record.PolicyVersion));
        json.Member("provider", Name(record.Provider));
        json.Member("reason_count", reasonCount);
        List(json, "reasons", reasons);
        json.MemberUnlessNull("session", record.Session is { } session ? Token(session) : null);
        json.Member("state", Name(record.State));
        json.MemberUnlessNull("state_reason", record.StateReason is { } reason ? Sentence(reason) : null);
        json.Member("stream", record.Stream);
        json.MemberUnlessNull("terms", record.Terms is { } terms ? Name(terms) : null);
        return End(json, record);
    }

    private static byte[] Write(RecordedFinding finding)
    {
        var json = new CanonicalWriter();
        json.BeginObject();
        json.Member("confidence", Confidence(finding.Confidence));
        json.Member("detector", Name(finding.Detector));
        json.Member("length", finding.Length);
        json.Member("place", Sentence(finding.Place));
        json.Member("rule", Name(finding.Rule));
        json.Member("start", finding.Start);
        json.Member("tier", finding.Tier);
        json.Member("type", Name(finding.Type));
        json.Member("value_hash", Name(finding.ValueHash));
        json.EndObject();
        return json.ToArray();
    }

    private static byte[] Write(RecordedReason reason)
    {
        var json = new CanonicalWriter();
        json.BeginObject();
        json.Member("action", Name(reason.Action));
        json.MemberUnlessNull("place", reason.Place is { } place ? Sentence(place) : null);
        json.Member("reason", Sentence(reason.Reason));
        json.Member("rule", Name(reason.Rule));
        json.EndObject();
        return json.ToArray();
    }

    private static byte[] Write(OutcomeRecord record)
    {
        var json = new CanonicalWriter();
        json.BeginObject();
        json.Member("answered_by", Label(record.AnsweredBy));
        json.Member("bytes_in", record.BytesIn);
        json.Member("bytes_out", record.BytesOut);
        json.Member("duration_ms", Milliseconds(record.DurationMs));
        json.MemberUnlessNull("error", record.Error is { } error ? Sentence(error) : null);
        json.Member("exchange", Name(record.Exchange));
        json.Member("result", Name(record.Result));
        json.Member("status", record.Status);
        return End(json, record, record.Usage);
    }

    private static void Write(CanonicalWriter json, RecordedUsage usage)
    {
        json.BeginObject();
        json.Member("cache_read", Count(usage.CacheRead));
        json.Member("cache_write", Count(usage.CacheWrite));
        if (usage.CloudCostNanoUsd is { } cloudCost)
        {
            json.Member("cloud_cost_nano_usd", Count(cloudCost));
        }

        if (usage.CostNanoUsd is { } cost)
        {
            json.Member("cost_nano_usd", Count(cost));
        }

        json.Member("estimate", usage.IsEstimate);
        json.Member("input", Count(usage.Input));
        json.Member("model", Label(usage.Model));
        json.Member("output", Count(usage.Output));
        json.MemberUnlessNull("prices", usage.Prices is { } prices ? Name(prices) : null);
        json.EndObject();
    }

    private static byte[] Write(EventRecord record)
    {
        var json = new CanonicalWriter();
        json.BeginObject();
        json.Member("detail", RecordText.Bound(record.Detail, DetailBytes));
        json.Member("name", Name(record.Name));
        return End(json, record);
    }

    private static byte[] Write(EpochRecord record)
    {
        var json = new CanonicalWriter();
        json.BeginObject();
        json.Member("epoch", record.Epoch);
        json.MemberUnlessNull("previous", record.Previous is { } previous ? RecordText.Bound(previous, CheckpointBytes) : null);
        json.Member("reason", Name(record.Reason));
        return End(json, record);
    }

    // The last members of every type: but for an outcome's usage, no member of any type sorts after 'time'.
    private static byte[] End(CanonicalWriter json, AuditRecord record, RecordedUsage? usage = null)
    {
        json.Member("time", Time(record.Time));
        json.Member("type", record.Type);
        if (usage is not null)
        {
            json.Name("usage");
            Write(json, usage);
        }

        json.Member("v", Version);
        json.EndObject();
        return json.ToArray();
    }

    private static void List(CanonicalWriter json, string name, List<byte[]> items)
    {
        json.Name(name);
        json.BeginArray();
        foreach (var item in items)
        {
            json.Raw(item);
        }

        json.EndArray();
    }

    private static string Name(string text) => RecordText.Bound(text, NameBytes);

    private static string Token(string text) => RecordText.Bound(text, TokenBytes);

    // What an answer says of itself is not trusted to be a count: the log must be able to write it.
    private static long Count(long value) => Math.Clamp(value, 0, MaxCount);

    private static string Label(string text) => RecordText.Bound(text, LabelBytes);

    private static string Sentence(string text) => RecordText.Bound(text, SentenceBytes);

    private static double Confidence(double value) =>
        double.IsNaN(value) ? 0 : Math.Round(Math.Clamp(value, 0, 1), 2, MidpointRounding.AwayFromZero);

    private static double Milliseconds(double value) =>
        double.IsFinite(value) ? Math.Round(Math.Clamp(value, 0, 1e12), 3, MidpointRounding.AwayFromZero) : 0;
}
