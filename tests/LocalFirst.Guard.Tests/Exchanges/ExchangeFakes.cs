using System.Runtime.CompilerServices;
using System.Text;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Exchanges;
using LocalFirst.Guard.Inspection;
using LocalFirst.Guard.LocalModels;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Tests.Exchanges;

/// <summary>The outside of the pipeline, with one journal of what happened in which order.</summary>
internal sealed class ExchangeFakes
{
    public List<string> Journal { get; } = [];

    public FakeLog Log => field ??= new FakeLog(Journal);

    public FakeUpstream Upstream => field ??= new FakeUpstream(Journal);

    public FakeClient Client { get; } = new();

    public FakeExecutor Executor { get; } = new();

    public IInspector Inspector { get; set; } = new WordInspector("forbidden");

    public Func<PolicyFacts, Verdict> Policy { get; set; } = facts => PolicyEvaluator.Evaluate(PolicyFile.BuiltIn("default"), facts);

    public ExchangePipeline Pipeline() => new(
        new RequestDecoder(),
        new InspectStep(Inspector),
        new DecideStep(facts => Policy(facts), ClientCatalogue.LoadBuiltIn(), Executor),
        Log,
        Executor,
        TimeProvider.System);

    public async Task SendAsync(string body, Refusal? refusedByForm = null, CancellationToken cancellation = default)
    {
        using var request = Request(Encoding.UTF8.GetBytes(body), refusedByForm);
        await using var pipeline = Pipeline();
        await pipeline.HandleAsync(request, Upstream, Client, cancellation);
    }

    public static ExchangeRequest Request(byte[] body, Refusal? refusedByForm = null)
    {
        var buffer = new BodyBufferPool().Rent();
        buffer.Append(body);
        var provider = ProviderCatalogue.LoadBuiltIn().FindByHost("api.openai.com")!;
        var wire = new WireRequest
        {
            Provider = provider,
            Host = "api.openai.com",
            Method = "POST",
            RawTarget = "/v1/chat/completions",
            Headers = [new HeaderField("Content-Type", "application/json"), new HeaderField("Authorization", "Bearer test")],
            Body = ReadOnlyMemory<byte>.Empty,
        };
        return new ExchangeRequest(wire, 443, EntryMode.Connect, buffer) { RefusedByForm = refusedByForm };
    }

    public static string Chat(string text, bool stream = false) =>
        System.Text.Json.JsonSerializer.Serialize(new { model = "gpt-5", stream, messages = new[] { new { role = "user", content = text } } });

    internal sealed class FakeLog(List<string> journal) : IAuditLog
    {
        public List<AuditRecord> Records { get; } = [];

        public bool Broken { get; set; }

        public Task<LogPosition> AppendAsync(AuditRecord record, CancellationToken cancellation = default)
        {
            if (Broken)
            {
                return Task.FromException<LogPosition>(new AuditException("disk full"));
            }

            lock (journal)
            {
                Records.Add(record);
                journal.Add(record.Type);
                return Task.FromResult(new LogPosition(Records.Count - 1, new byte[32]));
            }
        }

        public string Correlate(ReadOnlySpan<byte> value) => "hash";
    }

    internal sealed class FakeUpstream(List<string> journal) : IUpstream
    {
        public List<byte[]> Bodies { get; } = [];

        public Task<ForwardResult> ForwardAsync(RecordedDecision decision, CancellationToken cancellation)
        {
            Bodies.Add(decision.ClaimBodyForForwarding().ToArray());
            journal.Add("forward");
            return Task.FromResult(new ForwardResult(200, Bodies[^1].Length, 2));
        }
    }

    internal sealed class FakeClient : IClientResponse
    {
        private readonly List<byte> _body = [];

        public int Status { get; private set; }

        public bool Aborted { get; private set; }

        public string Body => Encoding.UTF8.GetString([.. _body]);

        public IReadOnlyList<HeaderField> Headers { get; private set; } = [];

        public bool HasStarted => Status != 0;

        /// <summary>The connection is gone: every write fails.</summary>
        public bool Gone { get; set; }

        public Task StartAsync(int status, string contentType, IReadOnlyList<HeaderField> headers, CancellationToken cancellation)
        {
            if (Gone)
            {
                return Task.FromException(new IOException("The connection was reset."));
            }

            Status = status;
            Headers = headers;
            return Task.CompletedTask;
        }

        public Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellation)
        {
            _body.AddRange(bytes.Span);
            return Task.CompletedTask;
        }

        public Task CompleteAsync() => Task.CompletedTask;

        public void Abort() => Aborted = true;
    }

    internal sealed class FakeExecutor : IChatExecutor
    {
        public string Name => "fake";

        public ExecutorStatus Status { get; set; } = new(true, "fake model");

        /// <summary>Number of text events before it fails; null when it does not.</summary>
        public int? FailsAfter { get; set; }

        public async IAsyncEnumerable<AnswerEvent> CompleteAsync(ChatRequest request, [EnumeratorCancellation] CancellationToken cancellation)
        {
            await Task.Yield();
            for (var i = 0; i < 3; i++)
            {
                if (i == FailsAfter)
                {
                    throw new ExecutorException("the model went away");
                }

                yield return new AnswerEvent.Text($"word{i} ");
            }

            yield return new AnswerEvent.Done(StopReason.EndTurn, 5, 3);
        }
    }
}

/// <summary>Finds one word.</summary>
internal sealed class WordInspector(string word) : IInspector
{
    public InspectionResult Inspect(InspectionText text) =>
        text.Text.IndexOf(word, StringComparison.Ordinal) is var at and >= 0
            ? new InspectionResult([new Finding("secrets", "word", "API_KEY", Tier.Verified, at, at + word.Length, 1)])
            : InspectionResult.Clean;
}

/// <summary>Cannot inspect anything.</summary>
internal sealed class FailingInspector : IInspector
{
    public InspectionResult Inspect(InspectionText text) => new([], "The detector 'secrets' failed (IndexOutOfRangeException).");
}
