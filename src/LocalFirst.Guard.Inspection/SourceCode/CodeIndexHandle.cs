namespace LocalFirst.Guard.Inspection.SourceCode;

/// <summary>
/// The current index of a file that another process may rebuild: looked after at most once a second, swapped as a whole. Thread-safe.
/// </summary>
/// <param name="path">The index file.</param>
/// <param name="keyPath">The key file.</param>
/// <param name="time">The clock.</param>
internal sealed class CodeIndexHandle(string path, string keyPath, TimeProvider time)
{
    private static readonly TimeSpan CheckEvery = TimeSpan.FromSeconds(1);

    private readonly Lock _reloading = new();
    private volatile State _state = new(null, null, null, 0);
    private long _lastCheck;
    private bool _checkedOnce;

    /// <summary>
    /// The index; null while there has never been one. When the file vanishes, the index read last stays in force: deleting it must not switch the
    /// detector off.
    /// </summary>
    /// <exception cref="CodeIndexException">The file is there and cannot be read as an index.</exception>
    public CodeIndex? Current
    {
        get
        {
            RefreshIfDue();
            var state = _state;
            return state.Error is null ? state.Index : throw new CodeIndexException(state.Error.What, state.Error.Next);
        }
    }

    /// <summary>Changes whenever the file does, so that verdicts by an older index are not used any more.</summary>
    public long Generation
    {
        get
        {
            RefreshIfDue();
            var state = _state;
            return HashCode.Combine(state.WrittenAt, state.Length);
        }
    }

    private void RefreshIfDue()
    {
        var now = time.GetTimestamp();
        if (!Volatile.Read(ref _checkedOnce) || time.GetElapsedTime(Volatile.Read(ref _lastCheck), now) >= CheckEvery)
        {
            Refresh(now);
        }
    }

    private void Refresh(long now)
    {
        lock (_reloading)
        {
            if (_checkedOnce && time.GetElapsedTime(_lastCheck, now) < CheckEvery)
            {
                return;
            }

            var file = new FileInfo(path);
            if (!file.Exists)
            {
                _state = _state with { Error = _state.Index is null ? null : _state.Error };
            }
            else if (_state.WrittenAt != file.LastWriteTimeUtc || _state.Length != file.Length)
            {
                _state = Load(file);
            }

            Volatile.Write(ref _lastCheck, now);
            Volatile.Write(ref _checkedOnce, true);
        }
    }

    private State Load(FileInfo file)
    {
        try
        {
            return new State(CodeIndex.Open(path, CodeKey.Read(keyPath)), null, file.LastWriteTimeUtc, file.Length);
        }
        catch (CodeIndexException e)
        {
            return new State(null, e, file.LastWriteTimeUtc, file.Length);
        }
    }

    private sealed record State(CodeIndex? Index, CodeIndexException? Error, DateTime? WrittenAt, long Length);
}
