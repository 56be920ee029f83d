using LocalFirst.Guard.LocalModels.Gguf;

namespace LocalFirst.Guard.LocalModels.Library;

/// <summary>A model of the library.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Path">Its file.</param>
/// <param name="Bytes">Size of the file.</param>
/// <param name="Architecture">Architecture, for example <c>llama</c>; null when the file is unsound.</param>
/// <param name="ContextSize">Context in tokens that it was trained for, where the file says it.</param>
/// <param name="Problem">Why it cannot be loaded; null when it can.</param>
public sealed record ModelEntry(string Name, string Path, long Bytes, string? Architecture, long? ContextSize, string? Problem);

/// <summary>The GGUF files of this machine: <c>models/NAME.gguf</c>.</summary>
/// <param name="folder">The folder.</param>
public sealed class ModelLibrary(string folder)
{
    private const string Extension = ".gguf";
    private const int LongestName = 100;

    /// <summary>Its models by name. An unsound file is listed with its problem.</summary>
    /// <exception cref="ExecutorException">The folder cannot be read.</exception>
    public IReadOnlyList<ModelEntry> List()
    {
        if (!Directory.Exists(folder))
        {
            return [];
        }

        try
        {
            return [.. Directory.GetFiles(folder, "*" + Extension).Order(StringComparer.Ordinal).Select(Describe)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ExecutorException($"The model folder {folder} cannot be read ({e.GetType().Name}).\n  → Check its permissions.", e);
        }
    }

    /// <summary>Where a model's file lies, whether it exists or not.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="ExecutorException">It is no valid name.</exception>
    public string PathOf(string name) => Path.Combine(folder, Checked(name) + Extension);

    /// <summary>Checks a GGUF file and copies it into the library under its own name.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The new entry.</returns>
    /// <exception cref="ExecutorException">It is missing, unsound, badly named, or there already.</exception>
    public ModelEntry Add(string path)
    {
        if (!File.Exists(path))
        {
            throw new ExecutorException($"There is no file {path}.\n  → Name a GGUF file on this machine.");
        }

        var name = Checked(Path.GetFileNameWithoutExtension(path));
        var target = PathOf(name);
        if (File.Exists(target))
        {
            throw new ExecutorException($"The library has a model {name} already.\n  → guard model remove {name} first, or rename the file.");
        }

        try
        {
            GgufHeader.Read(path);
        }
        catch (GgufException e)
        {
            throw new ExecutorException($"{Path.GetFileName(path)} is not a sound GGUF model: {e.Message}.\n  → Download it again; a broken download is the usual cause.", e);
        }

        var draft = $"{target}.{Guid.NewGuid():N}.part";
        try
        {
            Directory.CreateDirectory(folder);
            File.Copy(path, draft);
            File.Move(draft, target);
            return Describe(target);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ExecutorException($"The model cannot be copied to {folder} ({e.GetType().Name}).\n  → Check the free space and the folder's permissions.", e);
        }
        finally
        {
            File.Delete(draft);
        }
    }

    /// <summary>Deletes a model.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="ExecutorException">There is none of that name, or it cannot be deleted.</exception>
    public void Remove(string name)
    {
        var path = RequirePath(name);
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ExecutorException($"The model {name} cannot be deleted ({e.GetType().Name}).\n  → Stop the broker, or check the folder's permissions.", e);
        }
    }

    /// <summary>Path of a model that exists.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="ExecutorException">There is none of that name.</exception>
    public string RequirePath(string name)
    {
        var path = PathOf(name);
        return File.Exists(path)
            ? path
            : throw new ExecutorException($"The library has no model {name}.\n  → guard model list shows what is there; guard model add PATH brings one in.");
    }

    private static ModelEntry Describe(string path)
    {
        var name = Path.GetFileNameWithoutExtension(path);
        var bytes = new FileInfo(path).Length;
        try
        {
            var header = GgufHeader.Read(path);
            return new ModelEntry(name, path, bytes, header.Architecture, header.Number($"{header.Architecture}.context_length"), null);
        }
        catch (GgufException e)
        {
            return new ModelEntry(name, path, bytes, null, null, e.Message);
        }
    }

    // A name becomes a file name and an argument: letters, digits, dot, dash and underscore, not starting with a dot or a dash.
    private static string Checked(string name) =>
        name.Length is > 0 and <= LongestName && name[0] is not ('.' or '-') && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_')
            ? name
            : throw new ExecutorException("A model's name has letters, digits, dots, dashes and underscores only, at most 100 of them.\n  → Rename the file.");
}
