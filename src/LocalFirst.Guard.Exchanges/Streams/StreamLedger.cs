using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Exchanges;

/// <summary>
/// What the provider was seen to issue on one stream: ids of answers, of their items, sealed reasoning. A client's delta on one of them says nothing that
/// the provider does not have. Holds hashes, and the newest ones only. Thread-safe.
/// </summary>
internal sealed class StreamLedger : IOpaqueLedger
{
    /// <summary>A long agent session issues a few items for each of some hundred answers.</summary>
    private const int MostValues = 16_384;

    private readonly Lock _lock = new();
    private readonly HashSet<UInt128> _values = [];
    private readonly Queue<UInt128> _oldestFirst = new();

    public void Issued(string value)
    {
        var hash = HashOf(value);
        lock (_lock)
        {
            if (!_values.Add(hash))
            {
                return;
            }

            _oldestFirst.Enqueue(hash);
            if (_oldestFirst.Count > MostValues)
            {
                _values.Remove(_oldestFirst.Dequeue());
            }
        }
    }

    public bool WasIssued(string provider, string value)
    {
        lock (_lock)
        {
            return _values.Contains(HashOf(value));
        }
    }

    private static UInt128 HashOf(string value) => MemoryMarshal.Read<UInt128>(SHA256.HashData(Encoding.UTF8.GetBytes(value)));
}
