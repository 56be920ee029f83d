using System.Globalization;

namespace LocalFirst.Guard.Inspection.SourceCode;

/// <summary>How far a build has come.</summary>
/// <param name="Step">What is done now, for people.</param>
/// <param name="Done">Files done in this step.</param>
/// <param name="Total">Files of this step.</param>
public readonly record struct CodeIndexProgress(string Step, int Done, int Total);

/// <summary>What is in an index.</summary>
/// <param name="Path">Its file.</param>
/// <param name="BuiltAt">Time of the build.</param>
/// <param name="Bytes">Bytes of the file.</param>
/// <param name="Repositories">Files and lines of each repository, by name.</param>
/// <param name="Fingerprints">Fingerprints, both streams together.</param>
/// <param name="SampleId">A fingerprint of it, for <see cref="CodeIndexFile.Lookup"/>; null when it holds none.</param>
public sealed record CodeIndexStatus(string Path, DateTimeOffset BuiltAt, long Bytes, IReadOnlyList<IndexedRepository> Repositories, int Fingerprints, string? SampleId);

/// <summary>A repository of an index.</summary>
/// <param name="Name">Name of the folder that was indexed.</param>
/// <param name="Files">Source files.</param>
/// <param name="Lines">Lines in them.</param>
public sealed record IndexedRepository(string Name, int Files, long Lines);

/// <summary>A place that a fingerprint or a text was found at.</summary>
/// <param name="Id">The fingerprint: 16 hexadecimal digits, a keyed hash that says nothing without this machine's key.</param>
/// <param name="Repository">Name of the folder that was indexed.</param>
/// <param name="Path">Path below it.</param>
/// <param name="FirstLine">First line there, from 1.</param>
/// <param name="LastLine">Last line there.</param>
/// <param name="Kind"><c>exact</c> for names as they are, <c>renamed</c> where only the shape of the code is shared.</param>
/// <param name="Points">Sum of the points of its fingerprints.</param>
/// <param name="Start">First UTF-16 code unit in the text asked about; 0 for a look-up by id.</param>
/// <param name="End">One past the last; 0 for a look-up by id.</param>
public sealed record CodePlace(string Id, string Repository, string Path, int FirstLine, int LastLine, string Kind, int Points, int Start, int End);

/// <summary>What a build did.</summary>
/// <param name="Files">Source files taken.</param>
/// <param name="Lines">Lines in them.</param>
/// <param name="Duplicates">Files skipped as copies of others.</param>
/// <param name="Fingerprints">Fingerprints kept, both streams together.</param>
public sealed record CodeIndexBuild(int Files, long Lines, int Duplicates, int Fingerprints);

/// <summary>The index of the company's own code on this machine: build it, ask what is in it, explain a match. Holds no source text.</summary>
/// <param name="path">The index file, <c>code.idx</c> in the home folder.</param>
/// <param name="keyPath">The key file, <c>keys/code.key</c> in the home folder; made by the first build, readable by its owner alone.</param>
public sealed class CodeIndexFile(string path, string keyPath)
{
    /// <summary>Name of the key file in the keys folder.</summary>
    public const string KeyFileName = "code.key";

    private const int IdDigits = 16;

    /// <summary>Builds the index anew from folders and puts it in the place of the old one at the end, in one step.</summary>
    /// <param name="folders">Repositories or plain folders; in a git checkout only tracked files count.</param>
    /// <param name="publicFolders">Folders of public code: fingerprints found there are left out.</param>
    /// <param name="builtAt">Time of the build.</param>
    /// <param name="progress">Told after each file; null for nobody.</param>
    /// <param name="cancellation">Leaves the old index as it is.</param>
    /// <exception cref="CodeIndexException">A folder is missing or unreadable, nothing in them is source, or the index cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public CodeIndexBuild Build(
        IReadOnlyList<string> folders, IReadOnlyList<string> publicFolders, DateTimeOffset builtAt, IProgress<CodeIndexProgress>? progress = null, CancellationToken cancellation = default)
    {
        var roots = folders.Concat(publicFolders).Distinct(StringComparer.Ordinal).ToDictionary(folder => folder, Existing, StringComparer.Ordinal);
        var builder = new CodeIndexBuilder(CodeKey.ReadOrCreate(keyPath));

        Action Count(string step, int total)
        {
            var done = 0;
            return () =>
            {
                cancellation.ThrowIfCancellationRequested();
                progress?.Report(new CodeIndexProgress(step, ++done, total));
            };
        }

        foreach (var folder in publicFolders)
        {
            builder.AddPublicFolder(roots[folder], Count($"reading public {NameOf(roots[folder])}", SourceFiles.List(roots[folder]).Count));
        }

        var files = 0;
        foreach (var folder in folders.Distinct(StringComparer.Ordinal))
        {
            var count = Count($"reading {NameOf(roots[folder])}", SourceFiles.List(roots[folder]).Count);
            files += builder.AddFolder(roots[folder], NameOf(roots[folder]), _ => count(), cancellation);
        }

        if (files == 0)
        {
            throw new CodeIndexException(
                $"No source file was found in {string.Join(", ", folders)} (of the known languages, below 2 MB, neither generated nor vendored).",
                "Name a folder that holds the company's own code.");
        }

        var compared = Count("comparing with public code", publicFolders.Sum(folder => SourceFiles.List(roots[folder]).Count));
        var index = builder.Build(builtAt, compared);
        cancellation.ThrowIfCancellationRequested();
        index.Write(path);
        return new CodeIndexBuild(index.Files.Count, builder.Lines, builder.Duplicates, index.Exact.Count + index.Abstracted.Count);
    }

    /// <summary>What is in the index; null when there is none.</summary>
    /// <exception cref="CodeIndexException">It is there and cannot be read.</exception>
    public CodeIndexStatus? Status()
    {
        if (!File.Exists(path))
        {
            return null;
        }

        var index = Open();
        var repositories = index.Files
            .GroupBy(file => file.Repository, StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => new IndexedRepository(group.Key, group.Count(), group.Sum(file => (long)file.Lines)))
            .ToList();
        var sample = index.Exact.Count > 0 ? Id(index.Exact[0].Hash) : null;
        return new CodeIndexStatus(path, index.BuiltAt, new FileInfo(path).Length, repositories, index.Exact.Count + index.Abstracted.Count, sample);
    }

    /// <summary>Where a fingerprint comes from: the files and lines that hold its k-gram.</summary>
    /// <param name="id">16 hexadecimal digits.</param>
    /// <returns>The places, none when the index does not know it.</returns>
    /// <exception cref="CodeIndexException">The id is none, or the index is missing or cannot be read.</exception>
    public IReadOnlyList<CodePlace> Lookup(string id)
    {
        if (id.Length != IdDigits || !ulong.TryParse(id, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hash))
        {
            throw new CodeIndexException("The id is no fingerprint: one has 16 hexadecimal digits.", "`guard code status` shows one; `guard code lookup FILE` shows those of a text.");
        }

        var index = Open();
        return [.. Places(index, index.Exact, hash, "exact"), .. Places(index, index.Abstracted, hash, "renamed")];
    }

    /// <summary>The passages of a text that are also in indexed files, as the detector finds them.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="CodeIndexException">The index is missing or cannot be read.</exception>
    public IReadOnlyList<CodePlace> Explain(string text)
    {
        var index = Open();
        return [.. CodeMatcher.Find(text, index, new WorkBudget(long.MaxValue)).Select(match => new CodePlace(
            Id(match.Id), index.Files[match.File].Repository, index.Files[match.File].Path, match.FirstLine, match.LastLine, match.Renamed ? "renamed" : "exact", match.Points, match.Start, match.End))];
    }

    private static IEnumerable<CodePlace> Places(CodeIndex index, CodeIndex.Table table, ulong hash, string kind)
    {
        var (first, count) = table.Find(hash).GetOffsetAndLength(table.Count);
        for (var i = first; i < first + count; i++)
        {
            var entry = table[i];
            yield return new CodePlace(Id(hash), index.Files[entry.File].Repository, index.Files[entry.File].Path, entry.Line, entry.Line, kind, entry.Points, 0, 0);
        }
    }

    private CodeIndex Open() => File.Exists(path)
        ? CodeIndex.Open(path, CodeKey.Read(keyPath))
        : throw new CodeIndexException($"There is no code index at {path}.", "Build one with `guard code index PATH…`.");

    private static string Id(ulong hash) => hash.ToString("x16", CultureInfo.InvariantCulture);

    private static string NameOf(string root) => Path.GetFileName(Path.TrimEndingDirectorySeparator(root)) is { Length: > 0 } name ? name : root;

    private static string Existing(string folder)
    {
        var full = Path.GetFullPath(folder);
        return Directory.Exists(full)
            ? full
            : throw new CodeIndexException(File.Exists(full) ? $"{folder} is a file." : $"There is no folder {folder}.", "Name the folder of a repository.");
    }
}
