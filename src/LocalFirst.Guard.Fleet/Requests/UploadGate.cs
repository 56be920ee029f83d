namespace LocalFirst.Guard.Fleet.Requests;

/// <summary>
/// Bounds the bodies of one device that are in memory at a time: a device sends one request after the other, and one that does not would hold megabytes
/// for each. Safe for concurrent use.
/// </summary>
internal sealed class UploadGate
{
    /// <summary>One, and one that a broken connection left behind.</summary>
    internal const int MostOfOne = 2;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _open = new(StringComparer.Ordinal);

    /// <summary>A place for one body, until it is disposed; null when the device has all of its places taken.</summary>
    /// <param name="device">Device id.</param>
    public IDisposable? TryEnter(string device)
    {
        lock (_lock)
        {
            var count = _open.GetValueOrDefault(device);
            if (count >= MostOfOne)
            {
                return null;
            }

            _open[device] = count + 1;
            return new Place(this, device);
        }
    }

    private void Leave(string device)
    {
        lock (_lock)
        {
            if (--_open[device] == 0)
            {
                _open.Remove(device);
            }
        }
    }

    private sealed class Place(UploadGate gate, string device) : IDisposable
    {
        private UploadGate? _gate = gate;

        public void Dispose() => Interlocked.Exchange(ref _gate, null)?.Leave(device);
    }
}
