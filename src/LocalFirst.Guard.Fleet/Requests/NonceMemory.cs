namespace LocalFirst.Guard.Fleet.Requests;

/// <summary>Remembers nonces for as long as their signatures could be accepted. Safe for concurrent use.</summary>
internal sealed class NonceMemory(TimeProvider time, TimeSpan keep)
{
    /// <summary>Most that are remembered: 10,000 devices that ask every ten seconds for ten minutes. Beyond it nobody is let in, rather than anybody twice.</summary>
    private const int Most = 600_000;

    private readonly Lock _lock = new();
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly Queue<(DateTimeOffset Until, string Nonce)> _order = new();

    /// <summary>False when it was used already.</summary>
    public bool TryUse(string nonce)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            while (_order.TryPeek(out var oldest) && oldest.Until <= now)
            {
                _seen.Remove(_order.Dequeue().Nonce);
            }

            if (_seen.Count >= Most || !_seen.Add(nonce))
            {
                return false;
            }

            _order.Enqueue((now + keep, nonce));
            return true;
        }
    }
}
