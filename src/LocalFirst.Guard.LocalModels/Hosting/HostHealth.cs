using System.Text.Json;

namespace LocalFirst.Guard.LocalModels.Hosting;

/// <summary>What a running host says of itself.</summary>
/// <param name="Device">The device that computes.</param>
/// <param name="DeviceKind"><c>GPU</c> or <c>CPU</c>.</param>
/// <param name="LlamaVersion">Version of llama.cpp.</param>
/// <param name="ContextSize">Context in tokens.</param>
/// <param name="IsConfined">Whether it found itself fully confined.</param>
/// <param name="Confinement">Its confinement in words.</param>
internal sealed record HostHealth(string Device, string DeviceKind, string LlamaVersion, int ContextSize, bool IsConfined, string Confinement)
{
    /// <summary>Reads the body of <c>/health</c>.</summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    /// <exception cref="KeyNotFoundException">A field is missing.</exception>
    public static HostHealth Parse(string body)
    {
        using var json = JsonDocument.Parse(body);
        var root = json.RootElement;
        var confinement = root.GetProperty("confinement");
        return new HostHealth(
            root.GetProperty("device").GetString() ?? "",
            root.GetProperty("device_kind").GetString() ?? "",
            root.GetProperty("llama_version").GetString() ?? "",
            root.GetProperty("context_size").GetInt32(),
            confinement.GetProperty("confined").GetBoolean(),
            confinement.GetProperty("description").GetString() ?? "");
    }
}
