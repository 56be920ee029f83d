using LocalFirst.Guard.Audit;
using LocalFirst.Guard.Audit.Ingest;
using LocalFirst.Guard.Audit.Keys;
using LocalFirst.Guard.Audit.Merkle;
using LocalFirst.Guard.Audit.Notes;
using LocalFirst.Guard.Audit.Records;
using Xunit;

namespace LocalFirst.Guard.Tests.Audit.Fleet;

/// <summary>An epoch of a device's log, written by hand: what a device that lies can sign and send.</summary>
internal sealed class HandLog
{
    private readonly DeviceKeys _keys;
    private readonly long _epoch;
    private readonly List<byte[]> _records = [];
    private readonly MerkleTree _tree = new();

    public HandLog(DeviceKeys keys, long epoch)
    {
        _keys = keys;
        _epoch = epoch;
    }

    public string Origin => new LogOrigin(_keys.DeviceId, _epoch).ToString();

    /// <summary>Adds events until the log has this many records; the text makes histories differ.</summary>
    public HandLog Grow(long size, string text = "as it was")
    {
        while (_tree.Size < size)
        {
            Add(new EventRecord { Time = Some.Time, Name = "test", Detail = $"{text} {_tree.Size}" });
        }

        return this;
    }

    public HandLog Begin(string reason, string? previous) =>
        Add(new EpochRecord { Time = Some.Time, Epoch = _epoch, Reason = reason, Previous = previous });

    public HandLog Add(AuditRecord record) => Add(RecordWriter.Write(record));

    public HandLog Add(byte[] bytes)
    {
        _records.Add(bytes);
        _tree.Append(MerkleHash.Leaf(bytes));
        return this;
    }

    /// <summary>The signed checkpoint of the first records.</summary>
    public string Note(long size) => _keys.SignerFor(_epoch).Sign(new Checkpoint(Origin, size, _tree.Root(size)).ToText());

    public Task<IngestAnswer> ShowAsync(LogIngest ingest, long old, long size, IReadOnlyList<byte[]>? proof = null) =>
        ingest.AddCheckpointAsync(_keys.DeviceId, new CheckpointRequest(old, proof ?? _tree.ConsistencyProof(old, size), Note(size)).ToText(), TestContext.Current.CancellationToken);

    /// <summary>Sends records [from, to) of the tree of the pending checkpoint's size.</summary>
    public Task<IngestAnswer> SendAsync(LogIngest ingest, long from, long to, long pending)
    {
        var packages = new List<EntryPackage>();
        for (var at = from; at < to;)
        {
            var window = at / EntryUpload.Width * EntryUpload.Width;
            var next = Math.Min(to, window + EntryUpload.Width);
            packages.Add(new EntryPackage(_records.GetRange((int)at, (int)(next - at)), _tree.SubtreeProof(window, next, pending)));
            at = next;
        }

        return ingest.AddEntriesAsync(_keys.DeviceId, new EntryUpload(Origin, from, pending, packages).ToBytes(), TestContext.Current.CancellationToken);
    }

    public async Task UploadAsync(LogIngest ingest, long old = 0)
    {
        var size = _tree.Size;
        Assert.Equal(200, (await ShowAsync(ingest, old, size)).Status);
        for (var at = old; at < size;)
        {
            var next = Math.Min(size, (at + 1024) / EntryUpload.Width * EntryUpload.Width);
            var answer = await SendAsync(ingest, at, next, size);
            Assert.True(answer.Status == (next == size ? 200 : 202), answer.Body);
            at = next;
        }
    }
}
