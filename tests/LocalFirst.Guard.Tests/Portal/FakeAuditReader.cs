using LocalFirst.Guard.Audit;

namespace LocalFirst.Guard.Tests.Portal;

/// <summary>A log in memory.</summary>
internal sealed class FakeAuditReader : IAuditReader
{
    public List<ExchangeEntry> Entries { get; } = [];

    public LogIntegrity Integrity { get; set; } = new(true, 42, "localfirst-guard/0123456789abcdef/1", "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=", null);

    /// <summary>Thrown by every question when set.</summary>
    public Exception? Failure { get; set; }

    public Task<IReadOnlyList<ExchangeEntry>> ListExchangesAsync(int max, long? beforeIndex, CancellationToken cancellation) =>
        Failure is null
            ? Task.FromResult<IReadOnlyList<ExchangeEntry>>([.. Entries.Where(e => beforeIndex is null || e.DecisionIndex < beforeIndex).OrderByDescending(e => e.DecisionIndex).Take(max)])
            : throw Failure;

    public Task<ExchangeEntry?> FindExchangeAsync(string exchange, CancellationToken cancellation) =>
        Failure is null ? Task.FromResult(Entries.Find(e => e.Decision.Exchange == exchange)) : throw Failure;

    public Task<LogIntegrity> VerifyAsync(CancellationToken cancellation) => Failure is null ? Task.FromResult(Integrity) : throw Failure;
}

/// <summary>Small records for tests.</summary>
internal static class SomeExchange
{
    public static string Id(long index) => "01JD" + index.ToString("D22", System.Globalization.CultureInfo.InvariantCulture);

    public static DecisionRecord Decision(long index, DateTimeOffset time) => new()
    {
        Time = time,
        Exchange = Id(index),
        Client = "claude-code",
        Provider = "anthropic",
        Host = "api.anthropic.com",
        Method = "POST",
        Endpoint = "/v1/messages",
        Api = "anthropic-messages",
        Entry = "connect",
        Model = "claude-opus-4",
        Stream = true,
        State = "complete",
        BodyBytes = 48213,
        BodyHash = new string('b', 64),
        Parts = 27,
        FindingCount = 0,
        Findings = [],
        Action = "allow",
        Reasons = [new RecordedReason("built-in:clean", "allow", "Nothing was found that must stay here.", null)],
        Policy = "default",
        PolicyVersion = "1",
        PolicyHash = new string('c', 64),
        LatencyMs = 3.4,
    };

    public static OutcomeRecord Outcome(DecisionRecord decision, string result, int status, string by) => new()
    {
        Time = decision.Time.AddSeconds(3),
        Exchange = decision.Exchange,
        Result = result,
        Status = status,
        BytesOut = result == "forwarded" ? decision.BodyBytes : 0,
        BytesIn = 9120,
        AnsweredBy = by,
        DurationMs = 2960,
    };

    public static ExchangeEntry Sent(long index, DateTimeOffset time)
    {
        var decision = Decision(index, time);
        return new ExchangeEntry(decision, index, Outcome(decision, "forwarded", 200, decision.Host));
    }

    public static ExchangeEntry KeptLocal(long index, DateTimeOffset time)
    {
        var decision = Decision(index, time) with
        {
            FindingCount = 3,
            Findings =
            [
                new RecordedFinding("secrets", "github-pat", "API_KEY", 1, 0.99, "/messages/4/content/0/text", 118, 40, "9f86d081884c7d65"),
                new RecordedFinding("pii", "payment-card", "CREDIT_CARD", 2, 0.93, "/messages/6/content", 12, 19, "2c26b46b68ffc68f"),
                new RecordedFinding("pii", "email", "EMAIL_ADDRESS", 2, 0.97, "/system", 803, 24, "fcde2b2edba56bf4"),
            ],
            Action = "local",
            Reasons =
            [
                new RecordedReason("secrets-stay", "local", "A credential was found.", "/messages/4/content/0/text"),
                new RecordedReason("payment-and-identity-stay", "local", "A payment or identity number was found.", "/messages/6/content"),
                new RecordedReason("contact-data-goes", "allow", "Contact data was found; this policy records it and lets it go.", "/system"),
            ],
        };
        return new ExchangeEntry(decision, index, Outcome(decision, "answered-locally", 200, "qwen2.5-coder-7b"));
    }

    public static ExchangeEntry Refused(long index, DateTimeOffset time)
    {
        var decision = Decision(index, time) with
        {
            Client = "codex",
            Provider = "openai",
            Host = "api.openai.com",
            Endpoint = "/v1/responses",
            Model = "gpt-5-codex",
            State = "undecodable",
            StateReason = "the body is not JSON",
            Action = "block",
            Reasons = [new RecordedReason("built-in:undecodable", "block", "The request could not be read, so it is refused: the body is not JSON.", null)],
        };
        return new ExchangeEntry(decision, index, Outcome(decision, "refused", 400, "guard"));
    }
}
