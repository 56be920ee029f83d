using LocalFirst.Guard.Audit.Merkle;
using LocalFirst.Guard.Audit.Records;
using LocalFirst.Guard.Audit.Storage;

namespace LocalFirst.Guard.Audit;

/// <summary>A record on its way into the log. Encoded and hashed by the caller's thread, so that the one writer has little to do.</summary>
internal sealed class PendingAppend
{
    private readonly byte[] _bytes;
    private readonly string _type;
    private readonly string? _exchange;
    private readonly long _timeMs;

    public PendingAppend(AuditRecord record)
    {
        _bytes = RecordWriter.Write(record);
        _type = record.Type;
        _exchange = RecordWriter.ExchangeOf(record);
        _timeMs = record.Time.ToUnixTimeMilliseconds();
        Hash = MerkleHash.Leaf(_bytes);
    }

    public byte[] Hash { get; }

    /// <summary>Answered off the writer's thread.</summary>
    public TaskCompletionSource<LogPosition> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public LeafRow ToRow(long sequence, long epoch, long index) => new()
    {
        Sequence = sequence,
        Epoch = epoch,
        Index = index,
        Hash = Hash,
        Record = _bytes,
        Type = _type,
        Exchange = _exchange,
        TimeMs = _timeMs,
    };
}
