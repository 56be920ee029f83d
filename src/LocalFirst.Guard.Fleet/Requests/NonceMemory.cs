using System.Globalization;

namespace LocalFirst.Guard.Fleet.Requests;

/// <summary>What is known of a nonce.</summary>
internal enum NonceUse
{
    /// <summary>It is used now for the first time.</summary>
    Fresh,

    /// <summary>It was used before.</summary>
    Repeated,

    /// <summary>Too many are remembered to take one more.</summary>
    TooMany,
}

/// <summary>
/// Remembers nonces for as long as their signatures could be accepted. Safe for concurrent use. In memory: after a restart, and at another process of
/// the same fleet, a request that was recorded can be sent once more while its time is accepted. That is harmless by design of the requests, not by
/// luck: uploads are idempotent (what is stored once is not stored again), and asking for the policy changes only when the device was last seen.
/// A request that would do something anew when repeated must not rely on this.
/// </summary>
internal sealed class NonceMemory(TimeProvider time, TimeSpan keep)
{
    /// <summary>Most that are remembered: 10,000 devices that ask every ten seconds for ten minutes. Beyond it nobody is let in, rather than anybody twice.</summary>
    private const int Most = 600_000;

    /// <summary>Most of one device: ten a second for ten minutes, a hundred times what it needs, so that one device cannot shut out the others.</summary>
    internal const int MostOfOne = 6_000;

    private readonly Lock _lock = new();
    private readonly HashSet<(UInt128 Device, UInt128 Nonce)> _seen = [];
    private readonly Dictionary<UInt128, int> _counts = [];
    private readonly Queue<(DateTimeOffset Until, UInt128 Device, UInt128 Nonce)> _order = new();

    /// <summary>Uses it.</summary>
    /// <param name="device">Device id, 32 hex digits.</param>
    /// <param name="nonce">Nonce, 32 hex digits.</param>
    public NonceUse Use(string device, string nonce)
    {
        var now = time.GetUtcNow();
        var key = (Device: Number(device), Nonce: Number(nonce));
        lock (_lock)
        {
            while (_order.TryPeek(out var oldest) && oldest.Until <= now)
            {
                Forget(_order.Dequeue());
            }

            if (_seen.Contains(key))
            {
                return NonceUse.Repeated;
            }

            var count = _counts.GetValueOrDefault(key.Device);
            if (_seen.Count >= Most || count >= MostOfOne)
            {
                return NonceUse.TooMany;
            }

            _seen.Add(key);
            _counts[key.Device] = count + 1;
            _order.Enqueue((now + keep, key.Device, key.Nonce));
            return NonceUse.Fresh;
        }
    }

    private void Forget((DateTimeOffset Until, UInt128 Device, UInt128 Nonce) old)
    {
        _seen.Remove((old.Device, old.Nonce));
        if (--_counts[old.Device] == 0)
        {
            _counts.Remove(old.Device);
        }
    }

    private static UInt128 Number(string hex) => UInt128.Parse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
