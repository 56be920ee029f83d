using LocalFirst.Guard.Audit.Merkle;
using LocalFirst.Guard.Audit.Notes;
using LocalFirst.Guard.Audit.Records;
using LocalFirst.Guard.Audit.Storage;

namespace LocalFirst.Guard.Audit.Verification;

/// <summary>Checks one epoch leaf by leaf: the hashes, the order, the root at every checkpoint and claim, the signatures.</summary>
internal sealed class EpochVerification(long epoch, VerifierKey key, IReadOnlyList<Claim> claims, bool everySignature, Action<VerificationFailure> report)
{
    private readonly CompactRange _tree = new();
    private readonly Queue<Claim> _claims = new(claims.OrderBy(c => c.Checkpoint.Size));
    private long _next;
    private long? _sequenceBase;
    private bool _hasHole;
    private bool _hasOtherRoot;
    private bool _hasUnknownSignature;
    private CheckpointRow? _lastCheckpoint;
    private bool _lastWasChecked;

    /// <summary>Leaves found.</summary>
    public long Size { get; private set; }

    public string RootHash => _hasHole ? "" : Convert.ToBase64String(_tree.Root());

    public string Origin => key.Name;

    /// <summary>Takes the next leaf, in the order of the index; gives the record, or null when it has none that can be trusted.</summary>
    public AuditRecord? Leaf(LeafRow leaf)
    {
        if (leaf.Index != _next)
        {
            Fail(FailureClass.EntryMissing, _next, leaf.Index == _next + 1 ? "the leaf is not there" : $"the leaves {_next} to {leaf.Index - 1} are not there");
            _hasHole = true;
        }

        _next = leaf.Index + 1;
        Size++;
        _sequenceBase ??= leaf.Sequence - leaf.Index;

        // The stored hash goes into the tree: a record that alone was changed then fails alone, and not every root after it.
        _tree.Append(leaf.Hash);
        if (!MerkleHash.Leaf(leaf.Record).AsSpan().SequenceEqual(leaf.Hash))
        {
            Fail(FailureClass.EntryAltered, leaf.Index, "the record's bytes do not give its leaf hash");
            return null;
        }

        return Read(leaf);
    }

    /// <summary>Takes a stored checkpoint as soon as the leaves up to its size were taken.</summary>
    public void Checkpoint(CheckpointRow row)
    {
        _lastCheckpoint = row;
        _lastWasChecked = false;
        if (Parse(row) is not { } checkpoint)
        {
            _lastWasChecked = true;
            return;
        }

        var isWrong = !_hasHole && !_hasOtherRoot && row.Size == _tree.Size && !checkpoint.Root.AsSpan().SequenceEqual(_tree.Root());
        if (everySignature || isWrong)
        {
            _lastWasChecked = true;
            if (!CheckSignature(row))
            {
                return;
            }
        }

        if (isWrong)
        {
            // Every later root is wrong for the same reason: the first tells where.
            _hasOtherRoot = true;
            Fail(FailureClass.RootMismatch, null, $"the first {row.Size} leaves do not give the root that was signed: one was replaced, moved or inserted");
        }
    }

    /// <summary>Checks the claims whose size is reached by now.</summary>
    public void Claims()
    {
        while (_claims.TryPeek(out var claim) && claim.Checkpoint.Size <= _next)
        {
            _claims.Dequeue();
            if (!_hasHole && !_hasOtherRoot && claim.Checkpoint.Size == _tree.Size && !claim.Checkpoint.Root.AsSpan().SequenceEqual(_tree.Root()))
            {
                Fail(FailureClass.Fork, null, $"the first {_tree.Size} leaves are not those of the checkpoint in {claim.Source}");
            }
        }
    }

    /// <summary>After the last leaf.</summary>
    /// <param name="beyond">The stored checkpoint of the greatest size, if that is beyond the last leaf.</param>
    public void End(CheckpointRow? beyond)
    {
        CheckLast();
        if (beyond is not null)
        {
            Fail(FailureClass.EntryMissing, _next, $"{beyond.Size} leaves were signed and the last are not there");
        }
        else if ((_lastCheckpoint?.Size ?? 0) < _next)
        {
            Fail(FailureClass.EntryUnsigned, _lastCheckpoint?.Size ?? 0, "no checkpoint covers the leaves from here on");
        }

        foreach (var claim in _claims)
        {
            Fail(FailureClass.Fork, null, $"{claim.Checkpoint.Size} leaves were signed by the checkpoint in {claim.Source}, and the database holds {Size}: it was rolled back or its end was cut off");
        }
    }

    private AuditRecord? Read(LeafRow leaf)
    {
        AuditRecord record;
        try
        {
            record = RecordReader.Read(leaf.Record);
        }
        catch (FormatException)
        {
            Fail(FailureClass.EntryUnreadable, leaf.Index, "the leaf is signed but is not a record");
            return null;
        }

        var columnsFit = record.Type == leaf.Type
            && record.Time.ToUnixTimeMilliseconds() == leaf.TimeMs
            && (record is UnknownRecord || RecordWriter.ExchangeOf(record) == leaf.Exchange)
            && leaf.Sequence - leaf.Index == _sequenceBase;
        if (!columnsFit)
        {
            Fail(FailureClass.EntryAltered, leaf.Index, "the searchable columns beside the record do not say what the record says");
        }

        return record;
    }

    private Checkpoint? Parse(CheckpointRow row)
    {
        try
        {
            var checkpoint = Notes.Checkpoint.Parse(SignedNote.Parse(row.Note).Text);
            if (checkpoint.Size == row.Size && (_hasHole || row.Size == _tree.Size) && LogOrigin.Parse(checkpoint.Origin).Epoch == epoch)
            {
                return checkpoint;
            }
        }
        catch (FormatException)
        {
            // Said below: one name for all that is no checkpoint of this place.
        }

        Fail(FailureClass.CheckpointBad, null, $"what is stored as the checkpoint of size {row.Size} is not that");
        return null;
    }

    // The last checkpoint of an epoch carries the whole weight, so its signature is always checked.
    private void CheckLast()
    {
        if (_lastCheckpoint is { } last && !_lastWasChecked)
        {
            CheckSignature(last);
        }
    }

    private bool CheckSignature(CheckpointRow row)
    {
        var verdict = SignedNote.Parse(row.Note).Verify(key);
        if (verdict == NoteVerdict.Bad)
        {
            Fail(FailureClass.SignatureBad, null, $"the signature under the checkpoint of size {row.Size} is not over that checkpoint");
        }
        else if (verdict == NoteVerdict.Unknown && !_hasUnknownSignature)
        {
            _hasUnknownSignature = true;
            Fail(FailureClass.SignatureUnknown, null, $"the checkpoint of size {row.Size} is not signed by this device's key");
        }

        return verdict == NoteVerdict.Good;
    }

    private void Fail(string name, long? leafIndex, string message) => report(new VerificationFailure(name, epoch, leafIndex, message));
}
