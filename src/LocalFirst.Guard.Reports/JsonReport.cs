using System.Text;
using System.Text.Json;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Questions;

namespace LocalFirst.Guard.Reports;

/// <summary>The report for programs: the answer, and records with proofs that end in the answer's checkpoints. Form: <c>schemas/report.schema.json</c>.</summary>
internal static class JsonReport
{
    public const int Version = 1;

    /// <summary>Most exchanges whose records are listed; the CSV report lists all.</summary>
    internal const int DefaultListed = 5000;

    public static async Task WriteAsync(TwoQuestions questions, QuestionPeriod period, QuestionFilter filter, string origin, string version, Stream output, CancellationToken cancellation)
    {
        var sample = new RecordSample(DefaultListed);
        var answer = await questions.AnswerAsync(
            period,
            filter,
            record =>
            {
                sample.Add(record);
                return ValueTask.CompletedTask;
            },
            cancellation);

        await using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Indented = true, NewLine = "\n" });
        json.WriteStartObject();
        json.WriteNumber("version", Version);
        json.WriteString("kind", "localfirst-guard-report");
        json.WriteString("tool", $"LocalFirst.Guard {version}");
        json.WriteString("origin", origin);
        json.WritePropertyName("questions");
        QuestionsJson.Write(json, answer);
        json.WriteStartArray("exceptions");
        json.WriteEndArray();
        json.WriteStartObject("listing");
        json.WriteNumber("exchanges", answer.Totals.Requests);
        json.WriteNumber("listed", sample.Count);
        json.WriteBoolean("sample", sample.IsCut);
        json.WriteString("method", "The exchanges with the smallest SHA-256 of device id, line feed and exchange id.");
        json.WriteEndObject();
        json.WriteStartArray("records");
        foreach (var log in sample.Records.GroupBy(r => (r.Device, r.Epoch)))
        {
            await WriteAsync(json, questions.Records, answer.Logs.FirstOrDefault(l => l.Device == log.Key.Device && l.Epoch == log.Key.Epoch), [.. log], cancellation);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static async Task WriteAsync(Utf8JsonWriter json, IRecordSource source, LogStatement? log, List<SourcedRecord> records, CancellationToken cancellation)
    {
        var proofs = log is null || log.RootHash.Length == 0
            ? new Dictionary<long, IReadOnlyList<byte[]>>()
            : await InclusionProofs.MakeAsync(source, log.Device, log.Epoch, log.Size, log.RootHash, records.Select(r => r.LeafIndex), cancellation);
        foreach (var record in records)
        {
            json.WriteStartObject();
            json.WriteString("device", record.Device);
            json.WriteNumber("epoch", record.Epoch);
            json.WriteNumber("leaf_index", record.LeafIndex);
            json.WriteBase64String("leaf_hash", InclusionProofs.LeafHash(record.Canonical.Span));
            json.WriteString("canonical", Encoding.UTF8.GetString(record.Canonical.Span));
            if (proofs.TryGetValue(record.LeafIndex, out var proof))
            {
                json.WriteStartArray("inclusion_proof");
                foreach (var hash in proof)
                {
                    json.WriteBase64StringValue(hash);
                }

                json.WriteEndArray();
            }
            else
            {
                json.WriteNull("inclusion_proof");
            }

            json.WriteEndObject();
            await json.FlushAsync(cancellation);
        }
    }
}
