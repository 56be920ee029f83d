using LocalFirst.Guard.Audit.Notes;

namespace LocalFirst.Guard.Audit.Questions;

/// <summary>What is said of each log, while its records are counted.</summary>
internal sealed class LogStatements
{
    private const string NoCheckpoint = "UNSIGNED: there is no checkpoint yet that covers it.";

    private readonly SortedDictionary<(string Device, long Epoch), Entry> _logs = new(Comparer<(string Device, long Epoch)>.Create(
        (a, b) => string.CompareOrdinal(a.Device, b.Device) is not 0 and var order ? order : a.Epoch.CompareTo(b.Epoch)));

    private readonly bool _onlyCounted;

    public LogStatements(IEnumerable<LogHead> heads, QuestionFilter filter)
    {
        // A head does not say whose device it is: with a person asked for, the logs are those that records of the person came from.
        _onlyCounted = filter.Person is not null;
        foreach (var head in heads.Where(h => filter.TakesDevice(h.Device)))
        {
            _logs[(head.Device, head.Epoch)] = Read(head);
        }
    }

    public void Count(SourcedRecord record)
    {
        var key = (record.Device, record.Epoch);
        if (!_logs.TryGetValue(key, out var entry))
        {
            // A log that began after the checkpoints were read.
            _logs[key] = entry = new Entry(null, 0, "", "", "", 0, NoCheckpoint);
        }

        entry.Records++;
        entry.NotCovered += record.LeafIndex >= entry.Size ? 1 : 0;
    }

    public IReadOnlyList<LogStatement> ToList() =>
    [
        .. _logs.Where(l => !_onlyCounted || l.Value.Records > 0).Select(l => new LogStatement(
            l.Key.Device, l.Value.Name, l.Key.Epoch, l.Value.Size, l.Value.Root, l.Value.Checkpoint, l.Value.Key, Math.Max(0, l.Value.Stored - l.Value.Size), l.Value.Records, l.Value.NotCovered, l.Value.Failure)),
    ];

    // Size and root are read out of the signed text: what a source says beside it may already be of a later moment.
    private static Entry Read(LogHead head)
    {
        if (head.Checkpoint.Length == 0)
        {
            return new Entry(head.DeviceName, 0, "", "", head.VerifierKey, head.StoredSize, head.Failure ?? (head.StoredSize == 0 ? null : NoCheckpoint));
        }

        try
        {
            var note = SignedNote.Parse(head.Checkpoint);
            var key = VerifierKey.Parse(head.VerifierKey);
            var checkpoint = Notes.Checkpoint.Parse(note.Text);
            var failure = head.Failure
                ?? (checkpoint.Origin != key.Name || note.Verify(key) != NoteVerdict.Good ? "SIG_BAD: the newest checkpoint is not signed by this device's key." : null);
            return new Entry(head.DeviceName, checkpoint.Size, Convert.ToBase64String(checkpoint.Root), head.Checkpoint, head.VerifierKey, head.StoredSize, failure);
        }
        catch (FormatException)
        {
            return new Entry(head.DeviceName, 0, "", head.Checkpoint, head.VerifierKey, head.StoredSize, head.Failure ?? "CHECKPOINT_BAD: what is stored as the newest checkpoint is none.");
        }
    }

    private sealed class Entry(string? name, long size, string root, string checkpoint, string key, long stored, string? failure)
    {
        public string? Name { get; } = name;

        public long Size { get; } = size;

        public string Root { get; } = root;

        public string Checkpoint { get; } = checkpoint;

        public string Key { get; } = key;

        public long Stored { get; } = stored;

        public string? Failure { get; } = failure;

        public long Records { get; set; }

        public long NotCovered { get; set; }
    }
}
