using System.Diagnostics;
using System.Globalization;
using System.IO.Compression;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Exchanges;
using LocalFirst.Guard.Inspection;
using LocalFirst.Guard.LocalModels;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Protocols;
using LocalFirst.Guard.Routing;
using Spectre.Console;

namespace LocalFirst.Guard.Benchmarks;

/// <summary>What each step of an exchange costs, in this process: time and bytes allocated by the calling thread.</summary>
internal sealed class StepCosts : IDisposable
{
    private const int NewText = 4 * 1024;

    private readonly ProviderEntry _provider = ProviderCatalogue.LoadBuiltIn().FindByHost("api.openai.com")!;
    private readonly ClientCatalogue _clients = ClientCatalogue.LoadBuiltIn();
    private readonly RouteStep _route = new(new SessionRouter(ClientCatalogue.LoadBuiltIn(), TimeProvider.System), new BudgetLedger(TimeProvider.System), PriceCatalogue.LoadBuiltIn());
    private readonly Policy _policy = PolicyFile.BuiltIn(PolicyFile.BuiltInNames[0]);
    private readonly Inspector _inspector = Inspector.Create(new InspectionOptions());
    private readonly RequestDecoder _decoder = new();
    private readonly DecideStep _decide;
    private readonly AuditLog _log;
    private readonly DecisionRecords _records;
    private readonly BodyBufferPool _pool = new();
    private readonly List<ExchangeRequest> _requests = [];
    private readonly int _count;
    private DecisionRecord? _sample;
    private readonly Table _table = new Table().Title("Steps in this process").AddColumns("body", "step", "p10 µs", "p50 µs", "p99 µs", "KB allocated");

    private StepCosts(AuditLog log, int count)
    {
        _log = log;
        _count = count;
        _records = new DecisionRecords(log);
        _decide = new DecideStep(facts => PolicyEvaluator.Evaluate(_policy, facts), _clients, new UnavailableExecutor("none"));
    }

    public static async Task RunAsync(int count)
    {
        var folder = Directory.CreateTempSubdirectory("guard-steps-");
        try
        {
            await using var log = await AuditLog.OpenAsync(new AuditLogOptions
            {
                DatabasePath = Path.Combine(folder.FullName, "audit.db"),
                KeysFolder = Path.Combine(folder.FullName, "keys"),
            });
            using var costs = new StepCosts(log, count);
            costs.Measure("4 KB", turn => SampleBodies.Prose(4 * 1024, turn));
            costs.Measure("200 KB", turn => SampleBodies.Prose(200 * 1024, turn));
            costs.Measure("200 KB agent", turn => SampleBodies.AgentTurn(200 * 1024, NewText, turn));
            await costs.MeasureAppendAsync();
            AnsiConsole.Write(costs._table);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    public void Dispose()
    {
        foreach (var request in _requests)
        {
            request.Dispose();
        }
    }

    private void Measure(string name, Func<int, byte[]> bodyOf)
    {
        var body = bodyOf(0);
        var zipped = Gzip(body);
        var request = Request(body);
        var prompt = Decode(request);
        var warm = new InspectStep(new CachedInspector(_inspector));
        var inspected = warm.Inspect(prompt);
        var facts = _decide.FactsOf(request, prompt, inspected);
        var verdict = _decide.Decide(facts);

        Row(name, "undo gzip", _ => 0, _ => ContentCoding.Decode("gzip", zipped).Dispose());
        Row(name, $"decode ({prompt.Parts.Count} parts)", _ => 0, _ => Decode(request));
        Row(name, "inspect, all new", _ => new InspectStep(new CachedInspector(_inspector)), cold => cold.Inspect(prompt));
        Row(name, "inspect, all seen", _ => 0, _ => warm.Inspect(prompt));
        Row(name, "inspect, next turn", turn => Decode(Request(bodyOf(turn + 1))), next => warm.Inspect(next));
        Row(name, "facts and policy", _ => 0, _ => _decide.Decide(_decide.FactsOf(request, prompt, inspected)));
        Row(name, "phase and session", _ => 0, _ => _route.Look(request, prompt, "claude-code", _log));
        var routed = _route.Look(request, prompt, "claude-code", _log) with { Model = "gpt-5" };
        Row(name, "reserve and release", _ => 0, _ =>
        {
            _route.Reserve("ex-0", routed, 1_000);
            _route.Release("ex-0");
        });
        Row(name, "keyed hash of the body", _ => 0, _ => _log.Correlate(request.Wire.Body.Span));
        Row(name, "record, with that hash", _ => 0, _ => Record(request, prompt, inspected, facts, verdict));
        _sample = Record(request, prompt, inspected, facts, verdict);
    }

    private DecisionRecord Record(ExchangeRequest request, Prompt prompt, InspectedPrompt inspected, PolicyFacts facts, Verdict verdict) =>
        _records.Build("ex-0", DateTimeOffset.UnixEpoch, request, prompt, inspected, facts, verdict, new RoutedExchange("openai", null, null, RoutedRequest.Unknown, 0, null), 1);

    private async Task MeasureAppendAsync()
    {
        var microseconds = new List<double>(_count);
        for (var i = 0; i < _count; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await _log.AppendAsync(_sample!);
            microseconds.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds);
        }

        Add("any", "append, fsync included", microseconds, allocated: null);
    }

    private Prompt Decode(ExchangeRequest request) => _decoder.Decode(request.Wire, request.Wire.Body, null);

    private void Row<T>(string body, string step, Func<int, T> prepare, Action<T> act)
    {
        var microseconds = new List<double>(_count);
        var allocated = 0L;
        for (var i = -_count / 2; i < _count; i++)
        {
            var prepared = prepare(i + _count);
            var before = GC.GetAllocatedBytesForCurrentThread();
            var started = Stopwatch.GetTimestamp();
            act(prepared);
            var elapsed = Stopwatch.GetElapsedTime(started);
            if (i >= 0)
            {
                microseconds.Add(elapsed.TotalMicroseconds); // Before that it warms up.
                allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            }
        }

        Add(body, step, microseconds, allocated / _count);
    }

    private void Add(string body, string step, List<double> microseconds, long? allocated)
    {
        var latencies = new Latencies();
        latencies.Add(microseconds);
        _table.AddRow(
            body,
            step,
            latencies.P10.ToString("F1", CultureInfo.InvariantCulture),
            latencies.P50.ToString("F1", CultureInfo.InvariantCulture),
            latencies.P99.ToString("F1", CultureInfo.InvariantCulture),
            allocated is { } bytes ? (bytes / 1024.0).ToString("F1", CultureInfo.InvariantCulture) : "");
    }

    private ExchangeRequest Request(byte[] body)
    {
        var buffer = _pool.Rent();
        buffer.Append(body);
        var wire = new WireRequest
        {
            Provider = _provider,
            Host = "api.openai.com",
            Method = "POST",
            RawTarget = "/v1/chat/completions",
            Headers = Headers(body.Length),
            Body = ReadOnlyMemory<byte>.Empty,
        };
        var request = new ExchangeRequest(wire, 443, EntryMode.Connect, buffer);
        _requests.Add(request);
        return request;
    }

    // What an SDK sends.
    private static HeaderField[] Headers(int length) =>
    [
        new("Host", "api.openai.com"),
        new("Accept", "application/json"),
        new("Accept-Encoding", "gzip, deflate, br, zstd"),
        new("Accept-Language", "*"),
        new("Authorization", "Bearer none"),
        new("Connection", "keep-alive"),
        new("Content-Type", "application/json"),
        new("Content-Length", length.ToString(CultureInfo.InvariantCulture)),
        new("Sec-Fetch-Mode", "cors"),
        new("User-Agent", "OpenAI/JS 6.1.0"),
        new("X-Stainless-Arch", "x64"),
        new("X-Stainless-Lang", "js"),
        new("X-Stainless-OS", "Linux"),
        new("X-Stainless-Package-Version", "6.1.0"),
        new("X-Stainless-Retry-Count", "0"),
        new("X-Stainless-Runtime", "node"),
        new("X-Stainless-Runtime-Version", "v24.0.0"),
        new("X-Stainless-Timeout", "600"),
    ];

    private static byte[] Gzip(byte[] body)
    {
        using var zipped = new MemoryStream();
        using (var stream = new GZipStream(zipped, CompressionLevel.Fastest))
        {
            stream.Write(body);
        }

        return zipped.ToArray();
    }
}
