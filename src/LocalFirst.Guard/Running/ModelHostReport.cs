using LocalFirst.Guard.Audit;
using LocalFirst.Guard.LocalModels;
using LocalFirst.Guard.LocalModels.Hosting;

namespace LocalFirst.Guard.Running;

/// <summary>
/// Starts the model host beside the broker and says aloud, in the log and on the terminal, what came of it: which device computes, and whether the
/// process that reads untrusted data in native code is confined.
/// </summary>
internal sealed class ModelHostReport : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _reporting;

    public ModelHostReport(ModelHostSupervisor host, IAuditLog log, TimeProvider time)
    {
        host.Start();
        _reporting = ReportAsync(host, log, time, _stopping.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _reporting;
        _stopping.Dispose();
    }

    private static async Task ReportAsync(ModelHostSupervisor host, IAuditLog log, TimeProvider time, CancellationToken stopping)
    {
        var (name, detail) = await OutcomeAsync(host, stopping);
        if (stopping.IsCancellationRequested)
        {
            return;
        }

        await Console.Error.WriteLineAsync($"guard: {detail}");
        try
        {
            await log.AppendAsync(new EventRecord { Time = time.GetUtcNow(), Name = name, Detail = detail }, stopping);
        }
        catch (Exception e) when (e is AuditException or OperationCanceledException)
        {
            // A log that cannot be written stops the next exchange, loudly.
        }
    }

    private static async Task<(string Name, string Detail)> OutcomeAsync(ModelHostSupervisor host, CancellationToken stopping)
    {
        try
        {
            await host.WaitUntilReadyAsync(stopping);
            return host.IsConfined == true
                ? ("model-host-ready", $"local answers: {host.Status.Description}")
                : ("model-host-unconfined", $"the model host is UNCONFINED on this system: {host.Status.Description}");
        }
        catch (OperationCanceledException)
        {
            return ("", "");
        }
        catch (ExecutorException e)
        {
            return ("model-host-failed", $"no local answers: {e.Message}");
        }
    }
}
