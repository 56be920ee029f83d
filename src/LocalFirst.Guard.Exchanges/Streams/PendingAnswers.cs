namespace LocalFirst.Guard.Exchanges;

/// <summary>
/// Which messages still have an answer coming, oldest first: the provider answers in order. What it sends beside any answer is counted for the stream.
/// Thread-safe.
/// </summary>
internal sealed class PendingAnswers
{
    private readonly Lock _lock = new();
    private readonly Queue<Pending> _oldestFirst = new();
    private TaskCompletionSource? _idle;
    private int _journeys;
    private bool _over;
    private bool _clientGone;

    /// <summary>Bytes that belong to no answer.</summary>
    public long Unasked { get; private set; }

    /// <summary>A message is about to be sent.</summary>
    /// <param name="observer">Watches the answer as a stream of events; null when nobody does.</param>
    public Pending Expect(IAnswerObserver? observer = null)
    {
        lock (_lock)
        {
            var pending = new Pending(observer);
            observer?.Begin(200, "text/event-stream", null);
            if (_over)
            {
                pending.Ended.SetResult(_clientGone ? AnswerEnd.ClientGone : AnswerEnd.Cut);
            }
            else
            {
                _oldestFirst.Enqueue(pending);
            }

            return pending;
        }
    }

    /// <summary>Bytes came from the provider.</summary>
    public void Count(int bytes)
    {
        lock (_lock)
        {
            if (_oldestFirst.TryPeek(out var oldest))
            {
                oldest.BytesIn += bytes;
            }
            else
            {
                Unasked += bytes;
            }
        }
    }

    /// <summary>A whole event of the oldest answer went to the client: its observer sees it as it would have come over HTTP.</summary>
    /// <param name="message">The JSON text of the event.</param>
    public void Show(ReadOnlySpan<byte> message)
    {
        lock (_lock)
        {
            if (!_oldestFirst.TryPeek(out var oldest) || oldest.Observer is not { } observer)
            {
                return;
            }

            // A line feed in JSON is white space between tokens; in an event it would end the line.
            observer.Observe("data: "u8);
            foreach (var line in message.Split((byte)'\n'))
            {
                observer.Observe(message[line]);
            }

            observer.Observe("\n\n"u8);
        }
    }

    /// <summary>The oldest answer is whole.</summary>
    public void EndOldest()
    {
        lock (_lock)
        {
            if (_oldestFirst.TryDequeue(out var oldest))
            {
                oldest.Ended.TrySetResult(AnswerEnd.Whole);
            }
        }
    }

    /// <summary>The stream is over: no answer gets whole any more.</summary>
    public void EndAll(bool clientGone)
    {
        lock (_lock)
        {
            _over = true;
            _clientGone = clientGone;
            while (_oldestFirst.TryDequeue(out var pending))
            {
                pending.Ended.TrySetResult(clientGone ? AnswerEnd.ClientGone : AnswerEnd.Cut);
            }

        }
    }

    /// <summary>A message begins its journey, which ends with <see cref="Leave"/>.</summary>
    public void Enter()
    {
        lock (_lock)
        {
            _journeys++;
        }
    }

    /// <summary>A message is answered, refused or cut.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            if (--_journeys == 0)
            {
                _idle?.TrySetResult();
            }
        }
    }

    /// <summary>Ends when no message is on its journey.</summary>
    public Task IdleAsync()
    {
        lock (_lock)
        {
            if (_journeys == 0)
            {
                return Task.CompletedTask;
            }

            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _idle.Task;
        }
    }

    internal enum AnswerEnd
    {
        Whole,
        Cut,
        ClientGone,
    }

    internal sealed class Pending(IAnswerObserver? observer)
    {
        public IAnswerObserver? Observer => observer;

        public TaskCompletionSource<AnswerEnd> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public long BytesIn { get; set; }
    }
}
