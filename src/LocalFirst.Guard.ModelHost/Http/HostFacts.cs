using LocalFirst.Guard.ModelHost.Confinement;

namespace LocalFirst.Guard.ModelHost.Http;

/// <summary>What <c>/health</c> says.</summary>
/// <param name="Model">Name of the model: the file's, without extension.</param>
/// <param name="Description">llama.cpp's description of it.</param>
/// <param name="LlamaVersion">Version of llama.cpp.</param>
/// <param name="Device">The device that computes.</param>
/// <param name="IsGpu">Whether it is a GPU.</param>
/// <param name="ContextSize">Context in tokens.</param>
/// <param name="Confinement">What confines the process.</param>
internal sealed record HostFacts(string Model, string Description, string LlamaVersion, string Device, bool IsGpu, int ContextSize, ConfinementReport Confinement);
