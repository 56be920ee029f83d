using System.Runtime.CompilerServices;
using LocalFirst.Guard.Audit;

namespace LocalFirst.Guard.Tests.Audit;

/// <summary>A log in memory, for whoever counts over one.</summary>
internal sealed class FakeRecords : IRecordSource
{
    public static readonly DateTimeOffset Now = new(2026, 11, 22, 9, 0, 0, TimeSpan.Zero);

    private readonly List<SourcedRecord> _records = [];

    public void Add(string exchange, string? phase, string action, string result, RecordedUsage? usage, string? modelSent = null, string model = "claude-sonnet-5", string device = "d", string? person = null)
    {
        Decide(exchange, phase, action, Now.AddHours(-2), modelSent, model, device, person);
        End(exchange, result, usage, Now.AddHours(-2).AddSeconds(1), device, person);
    }

    public void Decide(string exchange, string? phase, string action, DateTimeOffset time, string? modelSent = null, string model = "claude-sonnet-5", string device = "d", string? person = null) =>
        _records.Add(new SourcedRecord(device, person, 1, _records.Count, new DecisionRecord
        {
            Time = time,
            Exchange = exchange,
            Client = "claude-code",
            Provider = "anthropic",
            Host = "api.anthropic.com",
            Method = "POST",
            Endpoint = "/v1/messages",
            Api = "anthropic.messages",
            Entry = "connect",
            Model = model,
            State = "complete",
            BodyBytes = 1,
            BodyHash = "h",
            Parts = 1,
            FindingCount = 0,
            Findings = [],
            Action = action,
            Reasons = [],
            Policy = "p",
            PolicyVersion = "1",
            PolicyHash = "h",
            Phase = phase,
            ModelSent = modelSent,
        }, default));

    public void End(string exchange, string result, RecordedUsage? usage, DateTimeOffset time, string device = "d", string? person = null) =>
        _records.Add(new SourcedRecord(device, person, 1, _records.Count, new OutcomeRecord
        {
            Time = time,
            Exchange = exchange,
            Result = result,
            Status = 200,
            BytesOut = 1,
            BytesIn = 1,
            AnsweredBy = "x",
            Usage = usage,
        }, default));

    public async IAsyncEnumerable<SourcedRecord> ReadAsync(DateTimeOffset since, DateTimeOffset until, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        await Task.Yield();
        foreach (var record in _records.Where(r => r.Record.Time >= since && r.Record.Time < until))
        {
            yield return record;
        }
    }

    public Task<IReadOnlyList<LogHead>> HeadsAsync(CancellationToken cancellation = default) => Task.FromResult<IReadOnlyList<LogHead>>([]);

    public IAsyncEnumerable<byte[]> LeafHashesAsync(string device, long epoch, long size, CancellationToken cancellation = default) => AsyncEnumerable.Empty<byte[]>();
}
