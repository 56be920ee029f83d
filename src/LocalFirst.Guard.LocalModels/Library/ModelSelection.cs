using System.Text.Json;
using LocalFirst.Guard.LocalModels.Endpoints;

namespace LocalFirst.Guard.LocalModels.Library;

/// <summary>What a person chose to answer on this machine, kept in <c>models/selected.json</c>.</summary>
/// <param name="Model">Name in the library, or the model's name at the endpoint.</param>
/// <param name="Endpoint">Base address of an OpenAI-compatible endpoint; null for a model of the library.</param>
public sealed record ModelSelection(string Model, string? Endpoint = null)
{
    private const string FileName = "selected.json";
    private const int LongestFile = 65_536;

    /// <summary>Reads the choice.</summary>
    /// <param name="modelsFolder">The library's folder.</param>
    /// <returns>The choice, or null when none was made.</returns>
    /// <exception cref="ExecutorException">The file cannot be read or understood.</exception>
    public static ModelSelection? Read(string modelsFolder)
    {
        var path = Path.Combine(modelsFolder, FileName);
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists)
            {
                return null;
            }

            if (file.Length > LongestFile)
            {
                throw new JsonException();
            }

            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            return new ModelSelection(
                json.RootElement.GetProperty("model").GetString() ?? throw new JsonException(),
                json.RootElement.TryGetProperty("endpoint", out var endpoint) ? endpoint.GetString() : null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new ExecutorException($"The choice of the local model in {path} cannot be read ({e.GetType().Name}).\n  → Choose again with guard model use NAME|URL.", e);
        }
    }

    /// <summary>Keeps the choice; the file is replaced at once.</summary>
    /// <param name="modelsFolder">The library's folder.</param>
    /// <exception cref="ExecutorException">The folder cannot be written, or the address is no plain URL.</exception>
    public void Save(string modelsFolder)
    {
        if (Endpoint is not null)
        {
            OpenAiCompatibleExecutor.Normalize(Endpoint);
        }

        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("model", Model);
            if (Endpoint is not null)
            {
                json.WriteString("endpoint", Endpoint);
            }

            json.WriteEndObject();
        }

        try
        {
            Directory.CreateDirectory(modelsFolder);
            AtomicFile.Write(Path.Combine(modelsFolder, FileName), buffer.ToArray());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ExecutorException($"The choice cannot be kept in {modelsFolder} ({e.GetType().Name}).\n  → Check the folder's permissions.", e);
        }
    }

    /// <summary>Forgets the choice, where it is a model of the library with this name.</summary>
    /// <param name="modelsFolder">The library's folder.</param>
    /// <param name="name">The model's name.</param>
    /// <exception cref="ExecutorException">The file cannot be read or deleted.</exception>
    public static void Forget(string modelsFolder, string name)
    {
        if (Read(modelsFolder) is not { Endpoint: null } selection || selection.Model != name)
        {
            return;
        }

        try
        {
            File.Delete(Path.Combine(modelsFolder, FileName));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ExecutorException($"The choice in {modelsFolder} cannot be deleted ({e.GetType().Name}).\n  → Check the folder's permissions.", e);
        }
    }
}
