using System.Security.Cryptography;
using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Policies;
using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Exchanges;

/// <summary>
/// The only key to the network: proof that a decision on exactly these bytes is durable in the log. It comes from
/// <see cref="Recorder"/> alone, is used once, and owns the very buffer that was inspected.
/// </summary>
public sealed class RecordedDecision : IDisposable
{
    private readonly BodyBuffer _body;
    private int _claimed;

    private RecordedDecision(string exchange, ExchangeRequest request, Verdict verdict, LogPosition position)
    {
        Exchange = exchange;
        Host = request.Wire.Host;
        Port = request.Port;
        Method = request.Wire.Method;
        RawTarget = request.Wire.RawTarget;
        Headers = request.Wire.Headers;
        Action = verdict.Action;
        PolicyVersion = verdict.PolicyVersion;
        Position = position;
        _body = request.HandOverBody();
    }

    /// <summary>Id of the exchange.</summary>
    public string Exchange { get; }

    /// <summary>Destination host.</summary>
    public string Host { get; }

    /// <summary>Destination port.</summary>
    public int Port { get; }

    /// <summary>HTTP method.</summary>
    public string Method { get; }

    /// <summary>Path and query as the client wrote them.</summary>
    public string RawTarget { get; }

    /// <summary>Header fields as inspected.</summary>
    public IReadOnlyList<HeaderField> Headers { get; }

    /// <summary>What was decided.</summary>
    public PolicyAction Action { get; }

    /// <summary>Version of the policy that decided.</summary>
    public string PolicyVersion { get; }

    /// <summary>Watches the answer go by; null when nobody needs to. Set before the decision is handed to <see cref="IUpstream"/>.</summary>
    public IAnswerObserver? Observer { get; internal set; }

    /// <summary>Where the record stands in the log.</summary>
    public LogPosition Position { get; }

    /// <summary>Length of the body that this decision owns, in bytes.</summary>
    public int BodyBytes => _body.Length;

    /// <summary>SHA-256 of the body that this decision owns, 32 bytes; computed when it is asked for.</summary>
    /// <exception cref="ObjectDisposedException">The decision was disposed.</exception>
    public ReadOnlyMemory<byte> BodySha256 => SHA256.HashData(_body.Bytes.Span);

    /// <summary>Gives the body out, once, and only when the decision allows it to leave.</summary>
    /// <exception cref="InvalidOperationException">The decision is not to allow, or was used before.</exception>
    public ReadOnlyMemory<byte> ClaimBodyForForwarding()
    {
        if (Action != PolicyAction.Allow)
        {
            throw new InvalidOperationException($"The decision on exchange {Exchange} does not allow it to leave.");
        }

        if (Interlocked.Exchange(ref _claimed, 1) != 0)
        {
            throw new InvalidOperationException($"The decision on exchange {Exchange} was used already; a retry needs a decision of its own.");
        }

        return _body.Bytes;
    }

    /// <summary>Clears the body.</summary>
    public void Dispose() => _body.Dispose();

    /// <summary>The Record step: the only place that makes a <see cref="RecordedDecision"/>.</summary>
    /// <param name="log">The log.</param>
    public sealed class Recorder(IAuditLog log)
    {
        /// <summary>Writes the decision; when the task completes it is on disk.</summary>
        /// <param name="request">The request; its body is handed over.</param>
        /// <param name="verdict">The verdict.</param>
        /// <param name="record">The record of exactly this request and verdict.</param>
        /// <param name="cancellation">Stops waiting.</param>
        /// <exception cref="AuditException">The decision is not durable: nothing may leave.</exception>
        public async Task<RecordedDecision> RecordAsync(ExchangeRequest request, Verdict verdict, DecisionRecord record, CancellationToken cancellation)
        {
            ArgumentNullException.ThrowIfNull(request);
            ArgumentNullException.ThrowIfNull(verdict);
            ArgumentNullException.ThrowIfNull(record);
            var position = await log.AppendAsync(record, cancellation);
            return new RecordedDecision(record.Exchange, request, verdict, position);
        }
    }
}
