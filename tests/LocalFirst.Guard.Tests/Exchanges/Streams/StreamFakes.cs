using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Exchanges;
using Xunit;

namespace LocalFirst.Guard.Tests.Exchanges.Streams;

/// <summary>A stream with both ends in the test's hands, around the real session and journey.</summary>
internal sealed class StreamFakes : IAsyncDisposable
{
    private readonly CancellationTokenSource _gone = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly ExchangeRequest _opening;
    private readonly ExchangePipeline _pipeline;

    public StreamFakes(ExchangeFakes fakes, int maxMessage = 1024 * 1024)
    {
        Fakes = fakes;
        Provider = new FakeProviderEnd(fakes.Journal);
        using var template = ExchangeFakes.Request([]);
        var wire = template.Wire with { Method = "GET", RawTarget = "/v1/responses", StreamEndpoint = template.Wire.Provider.MatchWebSocket("/v1/responses") };
        _opening = new ExchangeRequest(wire, 443, EntryMode.Connect, new BodyBufferPool().Rent());
        _pipeline = fakes.Pipeline();
        Running = new StreamSession(_pipeline, _opening, new BodyBufferPool(maxMessage), Client, Provider).RunAsync(_stopping.Token, _gone.Token);
    }

    public ExchangeFakes Fakes { get; }

    public FakeClientEnd Client { get; } = new();

    public FakeProviderEnd Provider { get; }

    public Task<StreamEnding> Running { get; }

    public IEnumerable<DecisionRecord> Decisions => Fakes.Log.Records.OfType<DecisionRecord>();

    public IEnumerable<OutcomeRecord> Outcomes => Fakes.Log.Records.OfType<OutcomeRecord>();

    public static string Create(string input) => JsonSerializer.Serialize(new { type = "response.create", model = "gpt-5", input });

    public static string Delta(string input, string previous) => JsonSerializer.Serialize(new { type = "response.create", model = "gpt-5", previous_response_id = previous, input });

    /// <summary>The client's connection is gone.</summary>
    public void Vanish() => _gone.Cancel();

    public void Stop() => _stopping.Cancel();

    /// <summary>The client closes, the provider answers the close, and everything is recorded.</summary>
    public async Task<StreamEnding> CloseAsync(int code = 1000)
    {
        Client.Closes(code, "");
        var ending = await Running.WaitAsync(TestContext.Current.CancellationToken);
        await _pipeline.DisposeAsync();
        return ending;
    }

    public async Task<StreamEnding> EndAsync()
    {
        var ending = await Running.WaitAsync(TestContext.Current.CancellationToken);
        await _pipeline.DisposeAsync();
        return ending;
    }

    public async ValueTask DisposeAsync()
    {
        await _gone.CancelAsync();
        await Running;
        _opening.Dispose();
        _gone.Dispose();
        _stopping.Dispose();
    }

    /// <summary>What both ends share: pieces that the test puts in, and how the session ends the side.</summary>
    internal abstract class FakeEnd : IStreamEnd
    {
        private readonly Channel<(byte[] Bytes, bool IsBinary, bool IsLast, StreamClose? Close, bool Vanishes)> _incoming = Channel.CreateUnbounded<(byte[], bool, bool, StreamClose?, bool)>();
        private readonly TaskCompletionSource _aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>How the session closed this side; null when it did not.</summary>
        public StreamClose? Closed { get; private set; }

        /// <summary>Answers a close with the same code, as a peer does.</summary>
        public bool AnswersClose { get; init; } = true;

        /// <summary>Ends when the session has cut this side.</summary>
        public Task Aborted => _aborted.Task;

        public void Sends(string text) => Sends(Encoding.UTF8.GetBytes(text), isBinary: false);

        public void Sends(byte[] bytes, bool isBinary) => _incoming.Writer.TryWrite((bytes, isBinary, true, null, false));

        /// <summary>One message in pieces.</summary>
        public void SendsPieces(params string[] pieces)
        {
            for (var i = 0; i < pieces.Length; i++)
            {
                _incoming.Writer.TryWrite((Encoding.UTF8.GetBytes(pieces[i]), false, i == pieces.Length - 1, null, false));
            }
        }

        public void Closes(int code, string reason) => _incoming.Writer.TryWrite(([], false, true, new StreamClose(code, reason), false));

        public void Vanishes() => _incoming.Writer.TryWrite(([], false, true, null, true));

        public async ValueTask<StreamPiece> ReceiveAsync(Memory<byte> into, CancellationToken cancellation)
        {
            var next = await _incoming.Reader.ReadAsync(cancellation);
            if (next.Vanishes)
            {
                throw new IOException("reset");
            }

            // As a socket does: never more than fits.
            if (next.Bytes.Length > into.Length)
            {
                throw new InvalidOperationException("The fakes' pieces must fit into one read.");
            }

            next.Bytes.CopyTo(into);
            return new StreamPiece(next.Bytes.Length, next.IsBinary, next.IsLast, next.Close);
        }

        public Task CloseAsync(StreamClose close, CancellationToken cancellation)
        {
            if (Closed is null)
            {
                Closed = close;
                if (AnswersClose)
                {
                    Closes(close.Code, "");
                }
            }

            return Task.CompletedTask;
        }

        public void Abort() => _aborted.TrySetResult();
    }

    internal sealed class FakeClientEnd : FakeEnd, IClientEnd
    {
        private readonly Channel<string> _messages = Channel.CreateUnbounded<string>();
        private readonly StringBuilder _message = new();

        public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, bool isBinary, bool isLast, CancellationToken cancellation)
        {
            _message.Append(Encoding.UTF8.GetString(bytes.Span));
            if (isLast)
            {
                _messages.Writer.TryWrite(_message.ToString());
                _message.Clear();
            }

            return ValueTask.CompletedTask;
        }

        /// <summary>The next whole message that the session sent.</summary>
        public async Task<string> NextAsync() => await _messages.Reader.ReadAsync(TestContext.Current.CancellationToken);

        public async Task<JsonElement> NextJsonAsync() => JsonElement.Parse(await NextAsync());
    }

    internal sealed class FakeProviderEnd(List<string> journal) : FakeEnd, IUpstreamEnd
    {
        private readonly Channel<(string Text, bool IsBinary)> _messages = Channel.CreateUnbounded<(string, bool)>();

        public List<string> Texts { get; } = [];

        /// <summary>Holds every message back when set.</summary>
        public Task Holds { get; set; } = Task.CompletedTask;

        public async ValueTask SendAsync(RecordedDecision decision, bool isBinary, CancellationToken cancellation)
        {
            var text = Encoding.UTF8.GetString(decision.ClaimBodyForForwarding().Span);
            lock (journal)
            {
                journal.Add("sent");
            }

            Texts.Add(text);
            await Holds.WaitAsync(cancellation);
            _messages.Writer.TryWrite((text, isBinary));
        }

        public async Task<(string Text, bool IsBinary)> NextAsync() => await _messages.Reader.ReadAsync(TestContext.Current.CancellationToken);
    }
}
