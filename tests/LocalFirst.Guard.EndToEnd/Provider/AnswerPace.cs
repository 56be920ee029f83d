namespace LocalFirst.Guard.EndToEnd.Provider;

/// <summary>
/// Holds a stream back: each piece after the first leaves only when the test says so. A test that releases piece <em>n+1</em> after the
/// client has reported piece <em>n</em> proves by order, not by time, that nothing on the way collects the stream.
/// </summary>
internal sealed class AnswerPace : IDisposable
{
    private readonly SemaphoreSlim _released = new(0);

    public void ReleaseOne() => _released.Release();

    public Task WaitAsync(CancellationToken cancellation) => _released.WaitAsync(cancellation);

    public void Dispose() => _released.Dispose();
}
