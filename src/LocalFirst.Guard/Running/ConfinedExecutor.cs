using System.Runtime.CompilerServices;
using LocalFirst.Guard.LocalModels;
using LocalFirst.Guard.LocalModels.Hosting;
using LocalFirst.Guard.Protocols;

namespace LocalFirst.Guard.Running;

/// <summary>Answers by a model host only where the system really confines it (<c>requireConfinement</c>).</summary>
internal sealed class ConfinedExecutor(ModelHostSupervisor host) : IChatExecutor, IAsyncDisposable
{
    private const string Refusal = "The model host is not confined on this system, and guard.yaml requires it.\n  → Allow unprivileged user namespaces, or remove requireConfinement from the model's entry.";

    public string Name => host.Name;

    public ModelHostSupervisor Host => host;

    public ExecutorStatus Status => host.IsConfined == false ? new ExecutorStatus(false, Refusal) : host.Status;

    public async IAsyncEnumerable<AnswerEvent> CompleteAsync(ChatRequest request, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await host.WaitUntilReadyAsync(cancellation);
        if (host.IsConfined != true)
        {
            throw new ExecutorException(Refusal);
        }

        await foreach (var item in host.CompleteAsync(request, cancellation))
        {
            yield return item;
        }
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();
}
