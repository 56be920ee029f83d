using Microsoft.Extensions.Hosting;

namespace LocalFirst.Guard.Interception;

/// <summary>
/// Leaves signals to the program that hosts a listener. The usual lifetime takes SIGTERM and Ctrl-C for itself: the listener would stop, and the
/// broker around it would never hear of the signal.
/// </summary>
public sealed class HostedLifetime : IHostLifetime
{
    /// <inheritdoc/>
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
