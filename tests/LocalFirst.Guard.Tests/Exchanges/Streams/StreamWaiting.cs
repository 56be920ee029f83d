namespace LocalFirst.Guard.Tests.Exchanges.Streams;

internal static class StreamWaiting
{
    /// <summary>Looks again until it holds; the test's own time limit bounds it.</summary>
    public static async Task WaitUntilAsync(this CancellationToken test, Func<bool> holds)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!holds())
        {
            await timer.WaitForNextTickAsync(test);
        }
    }
}
