using Xunit;

namespace LocalFirst.Guard.EndToEnd;

/// <summary>Every wait in these tests is bounded: a broker that hangs fails a test instead of the run.</summary>
internal static class Bounded
{
    /// <summary>Enough for a busy machine with two cores; a healthy run needs a fraction of it.</summary>
    public static readonly TimeSpan Wait = TimeSpan.FromSeconds(30);

    public static CancellationToken Test => TestContext.Current.CancellationToken;

    public static async Task<T> Within<T>(this Task<T> task, string what, TimeSpan? limit = null)
    {
        try
        {
            return await task.WaitAsync(limit ?? Wait, Test);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"Within {(limit ?? Wait).TotalSeconds:0} s this did not happen: {what}.");
        }
    }

    public static async Task Within(this Task task, string what, TimeSpan? limit = null)
    {
        try
        {
            await task.WaitAsync(limit ?? Wait, Test);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"Within {(limit ?? Wait).TotalSeconds:0} s this did not happen: {what}.");
        }
    }

    /// <summary>Looks again and again until it holds; for what another process does in its own time and nothing announces.</summary>
    public static async Task UntilAsync(Func<Task<bool>> holds, string what, TimeSpan? limit = null)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        var end = DateTime.UtcNow + (limit ?? Wait);
        while (!await holds())
        {
            if (DateTime.UtcNow > end)
            {
                throw new TimeoutException($"Within {(limit ?? Wait).TotalSeconds:0} s this did not happen: {what}.");
            }

            await timer.WaitForNextTickAsync(Test);
        }
    }
}
