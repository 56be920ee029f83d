using Microsoft.Extensions.Hosting;

namespace LocalFirst.Guard.Portal;

/// <summary>
/// Leaves signals to the program that hosts the portal. The usual lifetime takes SIGTERM and Ctrl-C for itself: the portal would stop, and the
/// broker around it would never hear of the signal.
/// </summary>
internal sealed class HostedLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
