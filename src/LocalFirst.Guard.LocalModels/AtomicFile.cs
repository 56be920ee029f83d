namespace LocalFirst.Guard.LocalModels;

/// <summary>Replaces a file so that a reader and a crash see the old content or the new, never half of it.</summary>
internal static class AtomicFile
{
    /// <summary>Writes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">Its new content.</param>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content)
    {
        var draft = $"{path}.{Guid.NewGuid():N}.part";
        try
        {
            using (var file = new FileStream(draft, FileMode.CreateNew, FileAccess.Write))
            {
                file.Write(content);
                file.Flush(flushToDisk: true);
            }

            File.Move(draft, path, overwrite: true);
        }
        finally
        {
            File.Delete(draft);
        }
    }
}
