using System.Runtime.CompilerServices;
using LocalFirst.Guard.LocalModels.Endpoints;
using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.LocalModels.Hosting;

/// <summary>
/// Keeps one model host running and answers by it. When the host dies the broker lives on: the answer under way fails, a request that had
/// received nothing yet is sent again, and the host is started anew, after growing pauses when it keeps dying.
/// </summary>
public sealed class ModelHostSupervisor : IChatExecutor, IAsyncDisposable
{
    /// <summary>Deaths in a row after which the status says that the model is unavailable.</summary>
    private const int DeathsUntilUnavailable = 4;

    /// <summary>Longest pause before another start.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private static readonly ChatPeer Peer = new("The local model", "Send the request again; the model host is started anew by itself.", IsOwn: true);

    private readonly HostSettings _settings;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly string _model;
    private Task<HostProcess>? _starting;
    private HostProcess? _host;
    private ConfinementTier _tier = HostLauncher.Highest;
    private string? _permanentFailure;
    private string? _lastFailure;
    private int _deaths;

    /// <summary>Creates it; the host starts with <see cref="Start"/> or with the first request.</summary>
    /// <param name="settings">What to run.</param>
    /// <param name="time">Clock of the pauses; null is the system's.</param>
    public ModelHostSupervisor(HostSettings settings, TimeProvider? time = null)
    {
        _settings = settings;
        _time = time ?? TimeProvider.System;
        _model = Path.GetFileNameWithoutExtension(settings.Model);
        Name = "model-host/" + _model;
        if (!File.Exists(settings.Model))
        {
            _permanentFailure = $"The model {_model} is not in the library.\n  → guard model list shows what is there; guard model use NAME chooses.";
        }
        else if (NativesFolder.Find(settings.Natives, AppContext.BaseDirectory) is null)
        {
            _permanentFailure = $"Local answers need the llama.cpp natives, and they are not there.\n  → {NativesFolder.Mend}";
        }
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public ExecutorStatus Status
    {
        get
        {
            lock (_lock)
            {
                if (_permanentFailure is not null)
                {
                    return new ExecutorStatus(false, _permanentFailure);
                }

                if (_host is { } host)
                {
                    var health = host.Health;
                    return new ExecutorStatus(true, $"{_model} on {health.DeviceKind} ({health.Device}), llama.cpp {health.LlamaVersion}, context {health.ContextSize} tokens, {health.Confinement}");
                }

                if (_deaths < DeathsUntilUnavailable)
                {
                    return new ExecutorStatus(true, $"{_model} starts with the first request");
                }

                // Nobody sends requests to an executor that is unavailable, so being asked is what makes it try again, after its pause.
                Start();
                return new ExecutorStatus(false, $"The model host of {_model} keeps ending ({_lastFailure}) and is tried again after a pause.\n  → Choose another model with guard model use if it stays so.");
            }
        }
    }

    /// <summary>Process id of the running host, or null; for tests and doctor.</summary>
    internal int? HostId
    {
        get
        {
            lock (_lock)
            {
                return _host?.Id;
            }
        }
    }

    /// <summary>Whether the running host found itself fully confined; null while none runs.</summary>
    public bool? IsConfined
    {
        get
        {
            lock (_lock)
            {
                return _host?.Health.IsConfined;
            }
        }
    }

    /// <summary>Starts the host in the background, so that the first request need not wait for it.</summary>
    public void Start() => _ = ObserveAsync();

    /// <summary>Waits until the host serves.</summary>
    /// <param name="cancellation">Stops waiting; the host goes on starting.</param>
    /// <exception cref="ExecutorException">It cannot be started.</exception>
    public async Task WaitUntilReadyAsync(CancellationToken cancellation) => await RunningHostAsync(cancellation);

    /// <inheritdoc/>
    public async IAsyncEnumerable<AnswerEvent> CompleteAsync(ChatRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            var host = await RunningHostAsync(cancellation);
            var client = new ChatClient(host.Http, _model, Peer, _settings.IdleLimit);
            await using var events = client.CompleteAsync(request, cancellation).GetAsyncEnumerator(cancellation);
            var hasStreamed = false;
            while (await MoveNextAsync(events, host, isLast: hasStreamed || attempt > 1) is { } hasEvent)
            {
                if (!hasEvent)
                {
                    lock (_lock)
                    {
                        _deaths = 0;
                    }

                    yield break;
                }

                hasStreamed = true;
                yield return events.Current;
            }
        }
    }

    /// <summary>Ends the host.</summary>
    public async ValueTask DisposeAsync()
    {
        HostProcess? host;
        Task<HostProcess>? starting;
        lock (_lock)
        {
            (host, starting) = (_host, _starting);
            _host = null;
            _permanentFailure ??= "The local model was stopped.\n  → Start the broker again.";
        }

        await _stopping.CancelAsync();
        if (host is null && starting is not null)
        {
            try
            {
                host = await starting;
            }
            catch (Exception e) when (e is ExecutorException or OperationCanceledException)
            {
                // It never ran.
            }
        }

        if (host is not null)
        {
            await host.DisposeAsync();
        }

        _stopping.Dispose();
    }

    // True: an event. False: the end. Null: the host died before it had said anything, and the request may be sent again.
    private static async ValueTask<bool?> MoveNextAsync(IAsyncEnumerator<AnswerEvent> events, HostProcess host, bool isLast)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (ExecutorException) when (!isLast)
        {
            if (await HasDiedAsync(host))
            {
                return null;
            }

            throw;
        }
    }

    // The broken connection can be seen a moment before the end of the process.
    private static async Task<bool> HasDiedAsync(HostProcess host) =>
        await Task.WhenAny(host.Exited, Task.Delay(TimeSpan.FromSeconds(1))) == host.Exited;

    private async Task ObserveAsync()
    {
        try
        {
            await RunningHostAsync(_stopping.Token);
        }
        catch (Exception e) when (e is ExecutorException or OperationCanceledException or ObjectDisposedException)
        {
            // The status says it.
        }
    }

    private Task<HostProcess> RunningHostAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (_permanentFailure is not null)
            {
                throw new ExecutorException(_permanentFailure);
            }

            if (_host is { } host && !host.Exited.IsCompleted)
            {
                return Task.FromResult(host);
            }

            // Single flight: however many requests come, one start.
            if (_starting is null || _starting.IsCompleted)
            {
                _starting = Task.Run(() => StartHostAsync(_deaths));
            }

            return _starting.WaitAsync(cancellation);
        }
    }

    private async Task<HostProcess> StartHostAsync(int deaths)
    {
        var stopping = _stopping.Token;
        var pause = deaths <= 1 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Min(250 * Math.Pow(2, deaths - 1), LongestPause.TotalMilliseconds));
        await Task.Delay(pause, _time, stopping);
        try
        {
            var natives = NativesFolder.Find(_settings.Natives, AppContext.BaseDirectory)
                ?? throw Permanent($"Local answers need the llama.cpp natives, and they are not there.\n  → {NativesFolder.Mend}");
            try
            {
                natives.Verify();
            }
            catch (ExecutorException e)
            {
                throw Permanent(e.Message);
            }

            var host = await StartAtHighestTierAsync(natives, stopping);
            lock (_lock)
            {
                _host = host;
            }

            _ = host.Exited.ContinueWith(_ => OnExitAsync(host), TaskScheduler.Default);
            return host;
        }
        catch (HostStartException e)
        {
            throw StartFailure(e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Count($"its folder cannot be made: {e.GetType().Name}");
            throw new ExecutorException($"The model host cannot be started: its run folder cannot be written ({e.GetType().Name}).\n  → Name a home folder that you can write.", e);
        }
    }

    private async Task<HostProcess> StartAtHighestTierAsync(NativesFolder natives, CancellationToken stopping)
    {
        while (true)
        {
            var tier = _tier;
            try
            {
                return await HostProcess.StartAsync(_settings, natives, tier, stopping);
            }
            catch (HostStartException e) when (tier != ConfinementTier.None && HostLauncher.SaysForbidden(e.ExitCode))
            {
                // The system forbids a namespace: the host starts with less, and finds and says that it is not confined.
                _tier = tier + 1;
            }
        }
    }

    private async Task OnExitAsync(HostProcess host)
    {
        bool isOurs;
        lock (_lock)
        {
            isOurs = ReferenceEquals(_host, host);
            _host = isOurs ? null : _host;
        }

        if (!isOurs)
        {
            return;
        }

        Count("its process ended");
        await host.DisposeAsync();
        if (_deaths < DeathsUntilUnavailable && !_stopping.IsCancellationRequested)
        {
            await ObserveAsync();
        }
    }

    private ExecutorException StartFailure(HostStartException e)
    {
        if (e.IsPermanent)
        {
            return Permanent($"The model {_model} cannot be run: {e.Message.TrimEnd('.')}.\n  → guard model list shows what is there; guard model use NAME chooses another.");
        }

        Count(e.Message);
        return new ExecutorException($"The model host of {_model} did not start: {e.Message.TrimEnd('.')}.\n  → Try again, or choose another model with guard model use.", e);
    }

    private ExecutorException Permanent(string message)
    {
        lock (_lock)
        {
            _permanentFailure ??= message;
        }

        return new ExecutorException(message);
    }

    private void Count(string failure)
    {
        lock (_lock)
        {
            _deaths++;
            _lastFailure = failure;
        }
    }
}
