namespace LocalFirst.Guard.Audit;

/// <summary>
/// One record of the log. The bytes that are hashed are the RFC 8785 form of <c>{v, type, …}</c>, under 4 KB; <c>docs/record-format.md</c>
/// has schema and vectors. A record never holds prompt text or a value that was found: places, rules, keyed hashes and sizes only.
/// </summary>
public abstract record AuditRecord
{
    /// <summary>Record type, for example <c>decision</c>.</summary>
    public abstract string Type { get; }

    /// <summary>When it was made; written as RFC 3339 UTC with milliseconds.</summary>
    public required DateTimeOffset Time { get; init; }
}

/// <summary>Where one finding stands.</summary>
/// <param name="Detector">Detector.</param>
/// <param name="Rule">Detection rule.</param>
/// <param name="Type">Type of the value.</param>
/// <param name="Tier">1…4.</param>
/// <param name="Confidence">0…1, written in steps of 0.01.</param>
/// <param name="Place">JSON pointer or place name.</param>
/// <param name="Start">First UTF-16 code unit in the part.</param>
/// <param name="Length">Length in UTF-16 code units.</param>
/// <param name="ValueHash">HMAC-SHA-256 of the value under the device's correlation key, first 16 bytes in hex.</param>
public sealed record RecordedFinding(string Detector, string Rule, string Type, int Tier, double Confidence, string Place, int Start, int Length, string ValueHash);

/// <summary>One reason of a verdict.</summary>
/// <param name="Rule">Policy rule.</param>
/// <param name="Action"><c>allow</c>, <c>redact</c>, <c>local</c> or <c>block</c>.</param>
/// <param name="Reason">The reason for people.</param>
/// <param name="Place">The place it is about, if any.</param>
public sealed record RecordedReason(string Rule, string Action, string Reason, string? Place);

/// <summary>What was decided on an exchange; durable before the first byte leaves.</summary>
public sealed record DecisionRecord : AuditRecord
{
    /// <inheritdoc/>
    public override string Type => "decision";

    /// <summary>Id of the exchange: 26 characters, sortable by time.</summary>
    public required string Exchange { get; init; }

    /// <summary>Client id, for example <c>claude-code</c>; <c>unknown</c> otherwise.</summary>
    public required string Client { get; init; }

    /// <summary>Provider id.</summary>
    public required string Provider { get; init; }

    /// <summary>Destination host.</summary>
    public required string Host { get; init; }

    /// <summary>HTTP method; <c>MESSAGE</c> for one message of a client on a WebSocket.</summary>
    public required string Method { get; init; }

    /// <summary>The catalogue's endpoint path, or <c>(other)</c>: a path can carry text and is never recorded as it is.</summary>
    public required string Endpoint { get; init; }

    /// <summary>API form.</summary>
    public required string Api { get; init; }

    /// <summary>How the request came in: <c>connect</c> or <c>base-url</c>.</summary>
    public required string Entry { get; init; }

    /// <summary>Requested model, if it is a plain model name; null otherwise.</summary>
    public string? Model { get; init; }

    /// <summary>Whether a stream was asked for.</summary>
    public bool Stream { get; init; }

    /// <summary>Decode state: <c>complete</c>, <c>partial</c>, <c>uninspectable</c>, <c>undecodable</c>.</summary>
    public required string State { get; init; }

    /// <summary>Why the state is not complete.</summary>
    public string? StateReason { get; init; }

    /// <summary>Body bytes as received.</summary>
    public required long BodyBytes { get; init; }

    /// <summary>HMAC-SHA-256 of the body under the device's correlation key, hex: a plain hash of a guessable body would be linkable.</summary>
    public required string BodyHash { get; init; }

    /// <summary>Number of parts looked at.</summary>
    public required int Parts { get; init; }

    /// <summary>Number of all findings; <see cref="Findings"/> may be cut to keep the record under 4 KB.</summary>
    public required int FindingCount { get; init; }

    /// <summary>The strongest findings first.</summary>
    public required IReadOnlyList<RecordedFinding> Findings { get; init; }

    /// <summary><c>allow</c>, <c>redact</c>, <c>local</c> or <c>block</c>.</summary>
    public required string Action { get; init; }

    /// <summary>Why, strictest first; may be cut to keep the record under 4 KB.</summary>
    public required IReadOnlyList<RecordedReason> Reasons { get; init; }

    /// <summary>Number of all reasons, since <see cref="Reasons"/> may be cut; null lets the log count them.</summary>
    public int? ReasonCount { get; init; }

    /// <summary>Policy name.</summary>
    public required string Policy { get; init; }

    /// <summary>Policy version.</summary>
    public required string PolicyVersion { get; init; }

    /// <summary>SHA-256 of the policy file, hex.</summary>
    public required string PolicyHash { get; init; }

    /// <summary>Phase of the work: <c>planning</c>, <c>execution</c>, <c>background</c> or <c>other</c>; null when not known.</summary>
    public string? Phase { get; init; }

    /// <summary>HMAC-SHA-256 of the client's session id under the device's correlation key, first 16 bytes in hex; null when the client named none.</summary>
    public string? Session { get; init; }

    /// <summary>The cloud model that policy named in place of the requested one; null when the request goes out as it came.</summary>
    public string? ModelSent { get; init; }

    /// <summary>The provider terms that applied: <c>&lt;id&gt;@&lt;date&gt;</c> of a row in <c>rules/providers/terms</c>; null when there is none.</summary>
    public string? Terms { get; init; }

    /// <summary>Version of the fleet's policy bundle that was in force, from 1; null on a device that belongs to no fleet.</summary>
    public long? Bundle { get; init; }

    /// <summary>Attempt number, from 1: a retry is a record of its own.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>Milliseconds from the last byte of the request to this decision.</summary>
    public double LatencyMs { get; init; }
}

/// <summary>
/// What an answer used. Token kinds do not overlap: <c>input</c> counts what was neither read from nor written to the provider's prompt cache.
/// </summary>
/// <param name="Model">The model that answered, as it named itself.</param>
/// <param name="Input">Input tokens outside the cache.</param>
/// <param name="CacheRead">Input tokens read from the cache.</param>
/// <param name="CacheWrite">Input tokens written to the cache.</param>
/// <param name="Output">Output tokens, reasoning included.</param>
/// <param name="CostNanoUsd">What it cost in 10⁻⁹ US dollars by the price table; 0 for a local model; null when the model has no price.</param>
/// <param name="CloudCostNanoUsd">What the requested cloud model would have cost with its prompt cache, in 10⁻⁹ US dollars; null when it has no price.</param>
/// <param name="Prices">Version of the price table; null when neither figure could be told.</param>
/// <param name="IsEstimate">True when tokens were estimated because the answer named none.</param>
public sealed record RecordedUsage(string Model, long Input, long CacheRead, long CacheWrite, long Output, long? CostNanoUsd, long? CloudCostNanoUsd, string? Prices, bool IsEstimate = false);

/// <summary>How an exchange ended.</summary>
public sealed record OutcomeRecord : AuditRecord
{
    /// <inheritdoc/>
    public override string Type => "outcome";

    /// <summary>Id of the exchange.</summary>
    public required string Exchange { get; init; }

    /// <summary>
    /// <c>forwarded</c>, <c>answered-locally</c>, <c>refused</c>, <c>partly-left</c> (a message of a stream that completed a value whose beginning had left
    /// with earlier messages), <c>failed</c> or <c>cancelled</c>.
    /// </summary>
    public required string Result { get; init; }

    /// <summary>HTTP status that the client got; 0 when none was sent.</summary>
    public required int Status { get; init; }

    /// <summary>Body bytes that reached the provider's connection; 0 when nothing left. Of <c>partly-left</c>: the bytes of the value that had left before.</summary>
    public required long BytesOut { get; init; }

    /// <summary>Answer bytes that were sent to the client.</summary>
    public required long BytesIn { get; init; }

    /// <summary>What answered: the provider's host or the executor's name.</summary>
    public required string AnsweredBy { get; init; }

    /// <summary>A short error class, if it failed; no prompt text.</summary>
    public string? Error { get; init; }

    /// <summary>What the answer used, as the provider or the executor told it; null when it told nothing.</summary>
    public RecordedUsage? Usage { get; init; }

    /// <summary>Milliseconds from the decision to the end.</summary>
    public double DurationMs { get; init; }
}

/// <summary>Something about the broker itself: start, stop, configuration change, model host state, refused connection.</summary>
public sealed record EventRecord : AuditRecord
{
    /// <inheritdoc/>
    public override string Type => "event";

    /// <summary>A stable name, for example <c>broker-started</c>, <c>connection-refused</c>, <c>model-host-unconfined</c>.</summary>
    public required string Name { get; init; }

    /// <summary>A sentence for people. No prompt text, no secret.</summary>
    public required string Detail { get; init; }
}

/// <summary>
/// Leaf 0 of every epoch but a device's first: says why the log began anew and what the last epoch had signed. Only the log itself writes it.
/// </summary>
public sealed record EpochRecord : AuditRecord
{
    /// <inheritdoc/>
    public override string Type => "epoch";

    /// <summary>The epoch that begins here.</summary>
    public required long Epoch { get; init; }

    /// <summary>
    /// <c>rolled-back</c> (the database holds less than was signed), <c>altered</c> (it holds something else than was signed), <c>guard-lost</c>
    /// (the checkpoint that is kept outside the database is gone) or <c>device-changed</c> (the keys are not those that signed the database).
    /// </summary>
    public required string Reason { get; init; }

    /// <summary>The last signed checkpoint that is known of the epoch before, as it was signed (C2SP tlog-checkpoint); null when none is.</summary>
    public string? Previous { get; init; }
}

/// <summary>A record of a type or version that this program does not know, or whose members it cannot read: shown as such, never guessed.</summary>
public sealed record UnknownRecord : AuditRecord
{
    private readonly string _type;

    /// <summary>Creates it.</summary>
    /// <param name="type">What the record says its type is; empty when it says nothing.</param>
    public UnknownRecord(string type) => _type = type;

    /// <inheritdoc/>
    public override string Type => _type;
}
