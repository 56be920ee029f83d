using LocalFirst.Guard.LocalModels.Endpoints;
using LocalFirst.Guard.LocalModels.Hosting;
using LocalFirst.Guard.LocalModels.Library;

namespace LocalFirst.Guard.LocalModels;

/// <summary>Makes the executor that a person chose with <c>guard model use</c>.</summary>
public static class ExecutorFactory
{
    /// <summary>Makes it. Nothing is started and nothing is sent yet.</summary>
    /// <param name="modelsFolder">The library's folder, which also holds the choice.</param>
    /// <param name="runFolder">The folder of sockets.</param>
    /// <param name="natives">A folder of llama.cpp libraries that the operator named; null takes <c>GUARD_LLAMA_NATIVES</c>, else those built in.</param>
    /// <returns>An executor; one that says why it is unavailable where nothing is chosen or the choice cannot be read. Dispose it when it is disposable.</returns>
    public static IChatExecutor Create(string modelsFolder, string runFolder, string? natives = null)
    {
        try
        {
            return ModelSelection.Read(modelsFolder) switch
            {
                { Endpoint: { } address, Model: { } model } => new OpenAiCompatibleExecutor(address, model),
                { Model: { } name } => new ModelHostSupervisor(new HostSettings(
                    new ModelLibrary(modelsFolder).PathOf(name),
                    runFolder,
                    natives ?? Environment.GetEnvironmentVariable(NativesFolder.Variable))),
                _ => new UnavailableExecutor("No local model is chosen.\n  → guard model add PATH brings in a GGUF file, guard model use NAME|URL chooses what answers here."),
            };
        }
        catch (ExecutorException e)
        {
            return new UnavailableExecutor(e.Message);
        }
    }
}
