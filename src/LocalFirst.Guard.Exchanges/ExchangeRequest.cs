using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Exchanges;

/// <summary>How a request came to the broker.</summary>
public enum EntryMode
{
    /// <summary>Through CONNECT, decrypted.</summary>
    Connect,

    /// <summary>Base-URL mode on the loopback port.</summary>
    BaseUrl,
}

/// <summary>One request to a catalogued provider, with its body. Owns the body until a <see cref="RecordedDecision"/> takes it over.</summary>
public sealed class ExchangeRequest : IDisposable
{
    private BodyBuffer? _body;

    /// <summary>Creates it.</summary>
    /// <param name="wire">The request without its body; its <see cref="WireRequest.Body"/> is set from <paramref name="body"/>.</param>
    /// <param name="port">Destination port.</param>
    /// <param name="entry">How it came in.</param>
    /// <param name="body">The body; owned by this request from now on.</param>
    public ExchangeRequest(WireRequest wire, int port, EntryMode entry, BodyBuffer body)
    {
        ArgumentNullException.ThrowIfNull(body);
        Wire = wire with { Body = body.Bytes };
        Port = port;
        Entry = entry;
        _body = body;
    }

    /// <summary>The request.</summary>
    public WireRequest Wire { get; }

    /// <summary>Destination port.</summary>
    public int Port { get; }

    /// <summary>How it came in.</summary>
    public EntryMode Entry { get; }

    /// <summary>
    /// Set by the listener for what is refused by its form alone (an Upgrade, a stream without an inspector, a body over the cap): the
    /// exchange is recorded and refused with exactly this, and nothing of it is forwarded.
    /// </summary>
    public Refusal? RefusedByForm { get; init; }

    /// <summary>What left with earlier messages of the same stream; null when the request is no message of one.</summary>
    internal StreamWindow? Window { get; init; }

    /// <summary>Clears the body, unless a decision owns it by now.</summary>
    public void Dispose() => _body?.Dispose();

    /// <summary>The same request with another body, in memory of the same pool and under the same bounds.</summary>
    /// <param name="write">Writes the body.</param>
    /// <exception cref="BodyTooLargeException">A bound on bodies is reached.</exception>
    internal ExchangeRequest WithBody(Action<BodyBuffer> write)
    {
        var body = (_body ?? throw new InvalidOperationException("The body was handed over already.")).RentAnother();
        try
        {
            write(body);
            var length = body.Length.ToString(System.Globalization.CultureInfo.InvariantCulture);
            var headers = Wire.Headers.Select(h => h.Name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase) ? new HeaderField(h.Name, length) : h);
            return new ExchangeRequest(Wire with { Headers = [.. headers] }, Port, Entry, body) { Window = Window };
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    internal BodyBuffer HandOverBody()
    {
        var body = _body ?? throw new InvalidOperationException("The body was handed over already.");
        _body = null;
        return body;
    }
}
