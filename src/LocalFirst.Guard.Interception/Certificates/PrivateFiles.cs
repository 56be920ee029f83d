namespace LocalFirst.Guard.Interception.Certificates;

/// <summary>Writes files that their owner alone may read, whole or not at all.</summary>
internal static class PrivateFiles
{
    /// <summary>End of the name of a file that is not whole yet.</summary>
    public const string DraftEnding = ".draft";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Writes a file; a reader sees the old text or the new one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="text">Its text.</param>
    /// <param name="drafted">Told when the new text is on disk and the old one still stands.</param>
    public static void Replace(string path, string text, Action drafted)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        var draft = path + DraftEnding;
        File.Delete(draft);
        using (var stream = new FileStream(draft, options))
        using (var writer = new StreamWriter(stream))
        {
            writer.Write(text);
            writer.Flush();
            stream.Flush(flushToDisk: true);
        }

        drafted();
        File.Move(draft, path, overwrite: true);
    }
}
