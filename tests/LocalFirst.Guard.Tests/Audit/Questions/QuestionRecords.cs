using System.Runtime.CompilerServices;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Questions;
using LocalFirst.Guard.Audit.Records;

namespace LocalFirst.Guard.Tests.Audit.Questions;

/// <summary>Records in memory, in the order in which they were added, and the terms of two made-up plans.</summary>
internal sealed class QuestionRecords : IRecordSource, ITermsFacts
{
    public static readonly DateTimeOffset Noon = new(2026, 11, 10, 12, 0, 0, TimeSpan.Zero);

    public static readonly QuestionPeriod November = new(new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2026, 12, 1, 0, 0, 0, TimeSpan.Zero));

    public List<SourcedRecord> Records { get; } = [];

    public List<LogHead> Heads { get; } = [];

    public static DecisionRecord Decision(string exchange, string action = "allow", int findings = 0, string state = "complete", string provider = "openai", string? terms = "openai-api@2026-11-22") => Some.Decision(exchange) with
    {
        Time = Noon,
        Provider = provider,
        Terms = terms,
        Action = action,
        State = state,
        FindingCount = findings,
        Findings = [.. Enumerable.Range(0, Math.Min(findings, 2)).Select(_ => Some.Finding())],
        Reasons = [new RecordedReason(findings > 0 ? "internal-hosts-ok" : "built-in:clean", action, "Because.", null)],
    };

    public static OutcomeRecord Outcome(string exchange, string result = "forwarded", long bytes = 100) => Some.Outcome(exchange) with { Time = Noon.AddSeconds(1), Result = result, BytesOut = bytes };

    public QuestionRecords Add(AuditRecord record, string device = "d1", string? person = "ada@example.test")
    {
        Records.Add(new SourcedRecord(device, person, 1, Records.Count(r => r.Device == device), record, record is UnknownRecord ? default : RecordWriter.Write(record)));
        return this;
    }

    public async Task<QuestionsAnswer> AskAsync(QuestionFilter? filter = null, QuestionPeriod? period = null, Func<SourcedRecord, ValueTask>? each = null) =>
        await new TwoQuestions(this, this).AnswerAsync(period ?? November, filter ?? QuestionFilter.None, each, Xunit.TestContext.Current.CancellationToken);

    public async IAsyncEnumerable<SourcedRecord> ReadAsync(DateTimeOffset since, DateTimeOffset until, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await Task.CompletedTask;
        foreach (var record in Records.Where(r => r.Record.Time >= since && r.Record.Time < until))
        {
            yield return record;
        }
    }

    public Task<IReadOnlyList<LogHead>> HeadsAsync(CancellationToken cancellation = default) => Task.FromResult<IReadOnlyList<LogHead>>(Heads);

    public IAsyncEnumerable<byte[]> LeafHashesAsync(string device, long epoch, long size, CancellationToken cancellation = default) =>
        Records.Where(r => r.Device == device && r.Epoch == epoch).Take((int)size).Select(r => InclusionProofs.LeafHash(r.Canonical.Span)).ToAsyncEnumerable();

    public TermsFacts Find(string provider, string? reference) => new()
    {
        Provider = provider,
        Product = reference is null ? null : "API",
        Plan = reference is null ? null : "any",
        PlanBasis = "By the host.",
        Trains = reference is null ? TermsFacts.Unknown : "no",
        AsOf = new DateOnly(2026, 11, 22),
        FreshUntil = new DateOnly(2027, 2, 20),
        Sources = [new TermsFactSource("https://provider.example/terms", "primary", null)],
    };
}
