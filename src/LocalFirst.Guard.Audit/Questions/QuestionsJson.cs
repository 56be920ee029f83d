using System.Text.Json;

namespace LocalFirst.Guard.Audit.Questions;

/// <summary>The answer as JSON; form: <c>docs/report-format.md</c>.</summary>
public static class QuestionsJson
{
    /// <summary>Version of the form.</summary>
    public const int Version = 1;

    /// <summary>Writes the answer as an object.</summary>
    /// <param name="json">Where to.</param>
    /// <param name="answer">The answer.</param>
    public static void Write(Utf8JsonWriter json, QuestionsAnswer answer)
    {
        ArgumentNullException.ThrowIfNull(json);
        ArgumentNullException.ThrowIfNull(answer);
        json.WriteStartObject();
        json.WriteNumber("version", Version);
        json.WriteStartObject("period");
        json.WriteString("from", QuestionPeriod.Instant(answer.Period.From));
        json.WriteString("to", QuestionPeriod.Instant(answer.Period.To));
        json.WriteEndObject();
        json.WriteStartObject("filter");
        foreach (var (name, value) in answer.Filter.Parts())
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
        json.WriteStartObject("records");
        json.WriteNumber("decisions", answer.Records.Decisions);
        json.WriteNumber("outcomes", answer.Records.Outcomes);
        json.WriteNumber("filtered", answer.Records.Filtered);
        json.WriteNumber("unreadable", answer.Records.Unreadable);
        json.WriteEndObject();
        json.WritePropertyName("totals");
        Write(json, answer.Totals);
        json.WriteStartArray("groups");
        foreach (var group in answer.Groups)
        {
            Write(json, group);
        }

        json.WriteEndArray();
        json.WriteStartArray("left_although_found");
        foreach (var f in answer.Flagged)
        {
            json.WriteStartObject();
            json.WriteString("provider", f.Provider);
            json.WriteString("terms", f.Reference);
            json.WriteString("detector", f.Detector);
            json.WriteString("type", f.Type);
            json.WriteString("rule", f.Rule);
            json.WriteNumber("requests", f.Requests);
            json.WriteNumber("findings", f.Findings);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("left_although_found_exchanges");
        foreach (var f in answer.FlaggedExchanges)
        {
            json.WriteStartObject();
            json.WriteString("device", f.Device);
            json.WriteString("exchange", f.Exchange);
            json.WriteString("time", QuestionPeriod.Instant(f.Time));
            json.WriteNumber("epoch", f.Epoch);
            json.WriteNumber("leaf_index", f.LeafIndex);
            json.WriteString("provider", f.Provider);
            json.WriteNumber("findings", f.Findings);
            json.WriteString("rule", f.Rule);
            json.WriteNumber("bytes_out", f.BytesOut);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("policies");
        foreach (var p in answer.Policies)
        {
            json.WriteStartObject();
            json.WriteString("name", p.Name);
            json.WriteString("version", p.Version);
            json.WriteString("hash", p.Hash);
            Optional(json, "bundle", p.Bundle);
            json.WriteNumber("decisions", p.Decisions);
            json.WriteString("first", QuestionPeriod.Instant(p.First));
            json.WriteString("last", QuestionPeriod.Instant(p.Last));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteBoolean("whole", answer.IsWhole);
        json.WriteStartArray("logs");
        foreach (var log in answer.Logs)
        {
            json.WriteStartObject();
            json.WriteString("device", log.Device);
            json.WriteString("device_name", log.DeviceName);
            json.WriteNumber("epoch", log.Epoch);
            json.WriteNumber("size", log.Size);
            json.WriteString("root_hash", log.RootHash);
            json.WriteString("checkpoint", log.Checkpoint);
            json.WriteString("verifier_key", log.VerifierKey);
            json.WriteNumber("newer", log.Newer);
            json.WriteNumber("records", log.Records);
            json.WriteNumber("not_covered", log.NotCovered);
            json.WriteString("failure", log.Failure);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, TermsGroup group)
    {
        var terms = group.Terms;
        json.WriteStartObject();
        json.WriteString("provider", group.Provider);
        json.WriteString("terms", group.Reference);
        json.WriteString("provider_name", terms.Provider);
        json.WriteString("product", terms.Product);
        json.WriteString("plan", terms.Plan);
        json.WriteString("plan_basis", terms.PlanBasis);
        json.WriteString("trains", terms.Trains);
        json.WriteString("training", terms.Training);
        Optional(json, "retention_days", terms.RetentionDays);
        json.WriteString("retention", terms.Retention);
        json.WriteString("evidence", terms.Evidence);
        json.WriteString("as_of", terms.AsOf is { } asOf ? QuestionWords.Day(asOf) : null);
        json.WriteString("fresh_until", terms.FreshUntil is { } until ? QuestionWords.Day(until) : null);
        json.WriteBoolean("stale", group.IsStale);
        json.WriteStartArray("sources");
        foreach (var source in terms.Sources)
        {
            json.WriteStartObject();
            json.WriteString("source", source.Source);
            json.WriteString("kind", source.Kind);
            json.WriteString("date", source.Date is { } date ? QuestionWords.Day(date) : null);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WritePropertyName("counts");
        Write(json, group.Counts);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, QuestionCounts counts)
    {
        json.WriteStartObject();
        json.WriteNumber("requests", counts.Requests);
        json.WriteNumber("retries", counts.Retries);
        json.WriteNumber("left", counts.Left);
        json.WriteNumber("bytes_out", counts.BytesOut);
        json.WriteNumber("local", counts.Local);
        json.WriteNumber("refused", counts.Refused);
        json.WriteNumber("failed", counts.Failed);
        json.WriteNumber("no_outcome", counts.NoOutcome);
        json.WriteNumber("may_have_left", counts.MayHaveLeft);
        json.WriteNumber("flagged_left", counts.FlaggedLeft);
        json.WriteNumber("flagged_findings", counts.FlaggedFindings);
        json.WriteNumber("flagged_may_have_left", counts.FlaggedMayHaveLeft);
        json.WriteNumber("partial_left", counts.PartialLeft);
        json.WriteNumber("partial_bytes", counts.PartialBytes);
        json.WriteEndObject();
    }

    private static void Optional(Utf8JsonWriter json, string name, long? number)
    {
        if (number is { } value)
        {
            json.WriteNumber(name, value);
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
