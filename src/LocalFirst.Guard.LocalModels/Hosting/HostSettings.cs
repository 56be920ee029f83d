namespace LocalFirst.Guard.LocalModels.Hosting;

/// <summary>What the supervisor runs.</summary>
/// <param name="Model">Path of the GGUF file.</param>
/// <param name="RunFolder">The broker's folder for sockets.</param>
/// <param name="Natives">A folder of llama.cpp libraries that the operator named; null takes those that were built in.</param>
/// <param name="ContextSize">Context in tokens; 0 lets the host choose by model and memory.</param>
/// <param name="Threads">Threads; 0 leaves one core free.</param>
public sealed record HostSettings(string Model, string RunFolder, string? Natives = null, int ContextSize = 0, int Threads = 0)
{
    /// <summary>Longest time that a model may take to load.</summary>
    public TimeSpan StartLimit { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Longest silence in the middle of an answer; the computing of a long prompt on a slow CPU is silent.</summary>
    public TimeSpan IdleLimit { get; init; } = TimeSpan.FromMinutes(15);
}
