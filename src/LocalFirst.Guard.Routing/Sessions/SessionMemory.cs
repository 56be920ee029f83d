namespace LocalFirst.Guard.Routing;

/// <summary>What is remembered of one conversation: its phase and what its last requests began with. Guarded by its own lock.</summary>
internal sealed class SessionState
{
    /// <summary>The last phase that was told; null before the first.</summary>
    public string? Phase { get; set; }

    /// <summary>Model that the last turn of a person went out with; null where none did.</summary>
    public string? ModelSent { get; set; }

    /// <summary>The beginnings of the last requests, newest last.</summary>
    public List<PromptPrefix> Prefixes { get; } = [];
}

/// <summary>
/// The sessions that were seen last, by the keyed hash of their id. Bounded: the one that was not used for longest goes first, and a session that
/// is forgotten begins anew. Safe for concurrent use.
/// </summary>
/// <param name="capacity">Most sessions; about 10 KB each.</param>
internal sealed class SessionMemory(int capacity = SessionMemory.DefaultCapacity)
{
    /// <summary>A person works in a handful of sessions a day.</summary>
    public const int DefaultCapacity = 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<(string Key, SessionState State)>> _byKey = new(StringComparer.Ordinal);
    private readonly LinkedList<(string Key, SessionState State)> _byUse = new();

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _byKey.Count;
            }
        }
    }

    /// <summary>The state of a session, made at its first use.</summary>
    public SessionState Of(string key)
    {
        lock (_lock)
        {
            if (_byKey.TryGetValue(key, out var node))
            {
                _byUse.Remove(node);
                _byUse.AddLast(node);
                return node.Value.State;
            }

            if (_byKey.Count == capacity)
            {
                _byKey.Remove(_byUse.First!.Value.Key);
                _byUse.RemoveFirst();
            }

            node = _byUse.AddLast((key, new SessionState()));
            _byKey.Add(key, node);
            return node.Value.State;
        }
    }
}
