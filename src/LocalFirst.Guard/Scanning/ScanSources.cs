using System.Text;

namespace LocalFirst.Guard.Scanning;

/// <summary>Reads what a scan was given: files, folders, standard input.</summary>
internal sealed class ScanSources(Action<ScanProblem> onProblem, Func<Stream> openStandardInput)
{
    /// <summary>Larger files are data or archives; as text they would take half a gigabyte of memory. In bytes.</summary>
    public const long LargestFile = 64 * 1024 * 1024;

    /// <summary>A text has no NUL in its first block: the test that grep and git use.</summary>
    private const int SniffedBytes = 8192;

    // Made by tools, not written by people; git's own objects are compressed.
    private static readonly HashSet<string> SkippedFolders = new(StringComparer.OrdinalIgnoreCase) { ".git", "node_modules", "bin", "obj" };

    /// <summary>The texts, in the order given; the files of a folder in ordinal order.</summary>
    /// <param name="paths">Files, folders or <c>-</c>.</param>
    /// <exception cref="GuardException">A path does not exist.</exception>
    public IEnumerable<ScanSource> Read(IReadOnlyList<string> paths)
    {
        // A mistyped path stops the scan before it starts, not after an hour.
        foreach (var path in paths)
        {
            if (path != "-" && !File.Exists(path) && !Directory.Exists(path))
            {
                throw new GuardException($"There is no file or folder {path}.", "Check the path; - reads standard input.");
            }
        }

        foreach (var path in paths)
        {
            foreach (var source in Read(path))
            {
                yield return source;
            }
        }
    }

    private IEnumerable<ScanSource> Read(string path)
    {
        if (path == "-")
        {
            using var input = openStandardInput();
            return ReadNamed(path, input) is { } text ? [text] : [];
        }

        if (Directory.Exists(path))
        {
            return Walk(path).Select(file => ReadFile(file, isNamed: false)).OfType<ScanSource>();
        }

        return ReadFile(path, isNamed: true) is { } named ? [named] : [];
    }

    /// <summary>Files below a folder. Links to folders are not followed: a loop would never end, and their targets are scanned where they are.</summary>
    private IEnumerable<string> Walk(string folder)
    {
        var pending = new Stack<string>([folder]);
        while (pending.TryPop(out var current))
        {
            FileSystemInfo[] entries;
            try
            {
                entries = new DirectoryInfo(current).GetFileSystemInfos();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                onProblem(new ScanProblem(current, $"cannot be listed ({e.GetType().Name})", IsError: true));
                continue;
            }

            Array.Sort(entries, static (a, b) => string.CompareOrdinal(a.Name, b.Name));
            foreach (var entry in entries.OfType<FileInfo>())
            {
                yield return Path.Combine(current, entry.Name);
            }

            foreach (var entry in entries.OfType<DirectoryInfo>().Reverse())
            {
                if (entry.LinkTarget is null && !SkippedFolders.Contains(entry.Name))
                {
                    pending.Push(Path.Combine(current, entry.Name));
                }
            }
        }
    }

    private ScanSource? ReadFile(string path, bool isNamed)
    {
        try
        {
            // Sockets, pipes and devices under a folder would block or never end; they are no texts. A link that leads nowhere is none either.
            if (!isNamed && !IsRegularFile(path))
            {
                return null;
            }

            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
            if (file.CanSeek && file.Length > LargestFile)
            {
                if (!isNamed && StartsAsBinary(file))
                {
                    return null;
                }

                onProblem(new ScanProblem(path, $"is larger than {LargestFile / (1024 * 1024)} MB and was not scanned; split it", IsError: isNamed));
                return null;
            }

            return isNamed ? ReadNamed(path, file) : ReadText(path, file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            onProblem(new ScanProblem(path, $"cannot be read ({e.GetType().Name})", IsError: true));
            return null;
        }
    }

    private static bool StartsAsBinary(FileStream file)
    {
        var block = new byte[SniffedBytes];
        var content = block.AsSpan(0, file.ReadAtLeast(block, block.Length, throwOnEndOfStream: false));
        return !HasUtf16Mark(content) && content.Contains((byte)0);
    }

    private static bool IsRegularFile(string path)
    {
        var info = new FileInfo(path);
        if (info.LinkTarget is not null)
        {
            if (info.ResolveLinkTarget(returnFinalTarget: true) is not FileInfo { Exists: true } target)
            {
                return false;
            }

            info = target;
        }

        // A pipe or socket is reported as a file of no length.
        return (info.Attributes & FileAttributes.Device) == 0 && info.Length > 0;
    }

    private ScanSource? ReadNamed(string path, Stream stream)
    {
        var source = ReadText(path, stream);
        if (source is null)
        {
            onProblem(new ScanProblem(path, $"is not a text of at most {LargestFile / (1024 * 1024)} MB and was not scanned", IsError: true));
        }

        return source;
    }

    /// <summary>The text of a stream; null for a binary file or too long a stream.</summary>
    private static ScanSource? ReadText(string path, Stream stream)
    {
        using var bytes = new MemoryStream(stream.CanSeek ? (int)stream.Length : 0);
        var block = new byte[81_920];
        for (var read = stream.Read(block); read > 0; read = stream.Read(block))
        {
            bytes.Write(block, 0, read);
            if (bytes.Length > LargestFile)
            {
                return null;
            }
        }

        var content = bytes.GetBuffer().AsSpan(0, (int)bytes.Length);
        if (HasUtf16Mark(content))
        {
            return new ScanSource(path, (content[0] == 0xFF ? Encoding.Unicode : Encoding.BigEndianUnicode).GetString(content[2..]));
        }

        return content[..Math.Min(content.Length, SniffedBytes)].Contains((byte)0)
            ? null
            : new ScanSource(path, Encoding.UTF8.GetString(content.StartsWith(Encoding.UTF8.Preamble) ? content[3..] : content));
    }

    /// <summary>Windows tools write UTF-16, whose every other byte is NUL; the mark at its start tells it from a binary file.</summary>
    private static bool HasUtf16Mark(ReadOnlySpan<byte> content) => content is [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..];
}
