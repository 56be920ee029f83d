using System.Buffers;
using System.Threading.Channels;
using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Exchanges;

/// <summary>
/// One WebSocket between a client and a provider. The journey of an exchange runs once for each message of the client:
/// <code>
///  client ─▶ 1 receive ─▶ whole message ─▶ 2 journey (decode … record) ─┬▶ 3 send ─▶ provider
///                                                                      ├▶ local answer ─┐
///                                                                      └▶ error ────────┤
///  client ◀────────────────────────────── one message at a time ◀──────────────────────┴── 4 events, piece by piece ◀─ provider
/// </code>
/// 1, 2–3 and 4 run side by side; one message waits while another is decided upon, no more, so that a client that sends faster is held back. The first side
/// to end ends the other: a close is passed on with its code, a vanished side cuts the other at once.
/// </summary>
public sealed class StreamSession
{
    /// <summary>How long a side may take to answer a close.</summary>
    private static readonly TimeSpan CloseTime = TimeSpan.FromSeconds(5);

    private const int PieceBytes = 16 * 1024;

    /// <summary>An event of the provider is read for what it issues up to this size; larger ones pass unread.</summary>
    private const int LargestEventRead = 8 * 1024 * 1024;

    private readonly ExchangePipeline _pipeline;
    private readonly ExchangeRequest _opening;
    private readonly BodyBufferPool _bodies;
    private readonly IClientEnd _client;
    private readonly IUpstreamEnd _provider;
    private readonly StreamWindow _window = new();
    private readonly StreamLedger _ledger = new();
    private readonly PendingAnswers _pending = new();
    private readonly TaskCompletionSource<End> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<Message> _received = Channel.CreateBounded<Message>(1);
    private readonly HeaderField[] _headers;

    /// <summary>Creates it; nothing runs yet.</summary>
    /// <param name="pipeline">The journey of each message.</param>
    /// <param name="opening">The request that opened the stream.</param>
    /// <param name="bodies">Bounds of messages.</param>
    /// <param name="client">The client's side.</param>
    /// <param name="provider">The provider's side.</param>
    public StreamSession(ExchangePipeline pipeline, ExchangeRequest opening, BodyBufferPool bodies, IClientEnd client, IUpstreamEnd provider)
    {
        ArgumentNullException.ThrowIfNull(opening);
        _pipeline = pipeline;
        _opening = opening;
        _bodies = bodies;
        _client = client;
        _provider = provider;

        // Who asks and in which conversation is known from the opening; what its fields say of a body is not said of a message.
        _headers = [.. opening.Wire.Headers.Where(h => !h.Name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase))];
    }

    /// <summary>Runs until the stream is over on both sides.</summary>
    /// <param name="stopping">Set when the broker stops: the stream is closed when no answer is under way.</param>
    /// <param name="cancellation">Set when the client's connection is gone.</param>
    /// <returns>Bytes of the provider's that belong to no message's answer, and whether the client or the provider vanished.</returns>
    public async Task<StreamEnding> RunAsync(CancellationToken stopping, CancellationToken cancellation)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(over.Token);
        using var messages = new ClientMessages(_client, over.Token);
        using var gone = cancellation.Register(() => _end.TrySetResult(new End(Side.Client, null)));
        using var stop = stopping.Register(() => _ = StopAsync());

        var receiving = ReceiveAsync(messages, over.Token);
        var sending = SendAsync(messages, enough.Token);
        var answering = AnswerAsync(messages, over.Token);

        // The first that ends.
        var end = await _end.Task;
        messages.NoteEnding();
        var isClosed = end.Close is { } close && await CloseAsync(end.By, close, Task.WhenAll(receiving, answering), enough, over.Token);
        await over.CancelAsync();
        if (!isClosed)
        {
            _client.Abort();
            _provider.Abort();
        }

        _pending.EndAll(end.By == Side.Client);
        await Task.WhenAll(receiving, sending, answering);
        return new StreamEnding(_pending.Unasked, end.Close is null && end.By == Side.Client, end.Close is null && end.By == Side.Provider);
    }

    /// <summary>Passes a close on and waits for the answers to it, for at most <see cref="CloseTime"/>. False when a side did not answer: it is cut.</summary>
    private async Task<bool> CloseAsync(Side by, Closing close, Task closed, CancellationTokenSource enough, CancellationToken over)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(over);
        limit.CancelAfter(CloseTime);
        try
        {
            if (by != Side.Client)
            {
                await enough.CancelAsync();
                await _client.CloseAsync(close.ToClient, limit.Token);
            }

            if (by != Side.Provider)
            {
                // The client's reason is its own text, and nobody inspected it: the code alone goes on.
                await _provider.CloseAsync(new StreamClose(close.ToProvider, ""), limit.Token);
            }

            await closed.WaitAsync(limit.Token);
            if (by == Side.Client)
            {
                await _client.CloseAsync(close.ToClient, limit.Token);
            }

            return true;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            return false;
        }
    }

    private async Task StopAsync()
    {
        await _pending.IdleAsync();
        _end.TrySetResult(new End(Side.Broker, new Closing(new StreamClose(StreamClose.GoingAway, "LocalFirst.Guard stops."), StreamClose.GoingAway)));
    }

    /// <summary>1: whole messages of the client, each in memory of its own.</summary>
    private async Task ReceiveAsync(ClientMessages messages, CancellationToken over)
    {
        var piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        BodyBuffer? body = null;
        var ended = false;
        try
        {
            while (true)
            {
                body ??= _bodies.Rent();
                Refusal? refused = null;
                var received = await _client.ReceiveAsync(piece.AsMemory(0, PieceBytes), over);
                if (received.Close is { } close)
                {
                    // What came before the close is still sent; an answer that is generated here has nobody to read it any more.
                    messages.NoteClosing();
                    await HandOnAsync(new Message(null, false, null, close), over);
                    return;
                }

                if (ended)
                {
                    continue;
                }

                try
                {
                    body.Append(piece.AsSpan(0, received.Count));
                }
                catch (BodyTooLargeException e)
                {
                    refused = e.AllBodies
                        ? new Refusal(429, "LocalFirst.Guard: " + e.Message + " Try again when others have ended.", "broker_busy")
                        : new Refusal(413, "LocalFirst.Guard: a message is larger than " + _bodies.MaxBodyBytes + " bytes. It was not sent.", "message_too_large");
                }

                if (!received.IsLast && refused is null)
                {
                    continue;
                }

                // After a message that was not read to its end there is no next one to find, and when nothing is taken any more none is wanted: only the
                // client's close is waited for.
                ended = !await HandOnAsync(new Message(body, received.IsBinary, refused, null), over) || refused is not null;
                body = null;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            _end.TrySetResult(new End(Side.Client, null));
        }
        finally
        {
            body?.Dispose();
            _received.Writer.TryComplete();
            ArrayPool<byte>.Shared.Return(piece, clearArray: true);
        }
    }

    private async Task<bool> HandOnAsync(Message message, CancellationToken over)
    {
        while (await _received.Writer.WaitToWriteAsync(over))
        {
            if (_received.Writer.TryWrite(message))
            {
                return true;
            }
        }

        message.Body?.Dispose();
        return false;
    }

    /// <summary>2 and 3: each message on its journey; the next one begins when it is sent, answered or refused.</summary>
    private async Task SendAsync(ClientMessages messages, CancellationToken enough)
    {
        var running = new List<Task>();
        try
        {
            await foreach (var message in _received.Reader.ReadAllAsync(enough))
            {
                if (message.Close is { } close)
                {
                    _end.TrySetResult(new End(Side.Client, new Closing(close, close.Code)));
                    return;
                }

                running.RemoveAll(t => t.IsCompleted);
                var sender = new MessageUpstream(_provider, _pending, _window, message.IsBinary);
                var journey = TravelAsync(message, sender, messages, enough);
                running.Add(journey);
                await Task.WhenAny(journey, sender.Sent);
                if (message.Refused is { } refused)
                {
                    var code = refused.Status == 413 ? StreamClose.MessageTooBig : StreamClose.TryAgainLater;
                    await journey;
                    _end.TrySetResult(new End(Side.Broker, new Closing(new StreamClose(code, refused.Code), StreamClose.GoingAway)));
                    return;
                }

                if (_window.BytesLeft > 0)
                {
                    await journey;
                    _end.TrySetResult(new End(Side.Broker, new Closing(new StreamClose(StreamClose.PolicyViolation, "value_split_over_messages"), StreamClose.GoingAway)));
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The stream is over, or closes.
        }
        finally
        {
            _received.Writer.TryComplete();
            await Task.WhenAll(running);
            while (_received.Reader.TryRead(out var left))
            {
                left.Body?.Dispose();
            }
        }
    }

    private async Task TravelAsync(Message message, MessageUpstream sender, ClientMessages messages, CancellationToken enough)
    {
        var head = ResponsesSocket.ReadHead(message.Body!.Bytes);
        sender.Expects = head.IsCreate;
        var wire = _opening.Wire with
        {
            Method = WireRequest.MessageMethod,
            Headers = _headers,
            IssuedOnStream = _ledger,

            // What is no response.create is walked as any JSON is.
            StreamEndpoint = head.IsCreate ? _opening.Wire.StreamEndpoint : _opening.Wire.StreamEndpoint! with { Api = ApiForm.GenericJson },
        };
        using var request = new ExchangeRequest(wire, _opening.Port, _opening.Entry, message.Body) { RefusedByForm = message.Refused, Window = _window };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(enough);
        _pending.Enter();
        try
        {
            await _pipeline.HandleAsync(request, sender, new EventMessages(messages, stop), stop.Token);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            _end.TrySetResult(new End(Side.Client, null));
        }
        finally
        {
            _pending.Leave();
        }
    }

    /// <summary>4: the provider's events, each piece at once; a whole event is read for what it issues before its last piece goes on.</summary>
    private async Task AnswerAsync(ClientMessages messages, CancellationToken over)
    {
        var piece = ArrayPool<byte>.Shared.Rent(PieceBytes);
        var whole = new ArrayBufferWriter<byte>(PieceBytes);
        var inMessage = false;
        var by = Side.Provider;
        try
        {
            while (true)
            {
                by = Side.Provider;
                var received = await _provider.ReceiveAsync(piece.AsMemory(0, PieceBytes), over);
                if (received.Close is { } close)
                {
                    _end.TrySetResult(new End(Side.Provider, new Closing(close, close.Code)));
                    return;
                }

                by = Side.Client;
                if (!inMessage)
                {
                    await messages.BeginMessageAsync();
                    inMessage = true;
                }

                _pending.Count(received.Count);
                if (whole.WrittenCount <= LargestEventRead)
                {
                    whole.Write(piece.AsSpan(0, received.Count));
                }

                var isEnd = received.IsLast && !received.IsBinary && whole.WrittenCount <= LargestEventRead && ResponsesSocket.ReadEvent(whole.WrittenMemory, _ledger.Issued);
                await messages.SendPieceAsync(piece.AsMemory(0, received.Count), received.IsBinary, received.IsLast);
                if (received.IsLast)
                {
                    inMessage = false;
                    messages.EndOfMessage();
                    if (!received.IsBinary && whole.WrittenCount <= LargestEventRead)
                    {
                        _pending.Show(whole.WrittenSpan);
                    }

                    whole.ResetWrittenCount();
                    if (isEnd)
                    {
                        _pending.EndOldest();
                    }
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ObjectDisposedException)
        {
            _end.TrySetResult(new End(by, null));
        }
        finally
        {
            if (inMessage)
            {
                messages.EndOfMessage();
            }

            whole.Clear();
            ArrayPool<byte>.Shared.Return(piece, clearArray: true);
        }
    }

    private enum Side
    {
        Client,
        Provider,
        Broker,
    }

    /// <param name="By">Who ended it.</param>
    /// <param name="Close">How both sides are told; null when a side has vanished.</param>
    private sealed record End(Side By, Closing? Close);

    /// <param name="ToClient">What the client is told, or told itself.</param>
    /// <param name="ToProvider">The code that the provider is told, or told itself.</param>
    private sealed record Closing(StreamClose ToClient, int ToProvider);

    /// <param name="Body">The message; null for the client's close.</param>
    /// <param name="IsBinary">Whether it is binary.</param>
    /// <param name="Refused">Set when it was not read to its end.</param>
    /// <param name="Close">The client's close.</param>
    private sealed record Message(BodyBuffer? Body, bool IsBinary, Refusal? Refused, StreamClose? Close);
}

/// <summary>How a stream ended.</summary>
/// <param name="BytesIn">Bytes of the provider's that belong to no message's answer.</param>
/// <param name="ClientGone">The client vanished without a close.</param>
/// <param name="ProviderGone">The provider vanished without a close.</param>
public readonly record struct StreamEnding(long BytesIn, bool ClientGone, bool ProviderGone);
