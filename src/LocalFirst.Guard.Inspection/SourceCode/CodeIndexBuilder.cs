using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace LocalFirst.Guard.Inspection.SourceCode;

/// <summary>
/// Builds an index from folders: reads the source files, winnows both streams, leaves out what says little and what is public. Not thread-safe.
/// </summary>
internal sealed class CodeIndexBuilder(CodeKey key)
{
    /// <summary>Names that a k-gram of stream E must hold: fewer are tables, brackets and argument lists, found in anybody's code.</summary>
    private const int MinNamesExact = 3;

    /// <summary>Different tokens that a k-gram of stream E must hold.</summary>
    private const int MinDistinctExact = 6;

    /// <summary>Different tokens of stream A that a k-gram of it must hold.</summary>
    private const int MinDistinctAbstracted = 9;

    /// <summary>Names, the same or not, that a k-gram of stream A must hold.</summary>
    private const int MinNamesAbstracted = 8;

    /// <summary>Brackets, operators and ends of statements that a k-gram must hold for every 6 tokens: licence texts and doc strings are prose, and nobody's own.</summary>
    private const int TokensPerMark = 6;

    /// <summary>Punctuation that prose uses too.</summary>
    private static readonly SearchValues<char> ProseMarks = SearchValues.Create(",.;'\"!?-");

    private readonly PublicVocabulary _vocabulary = new(key.Seed);
    private readonly List<IndexedFile> _files = [];
    private readonly List<CodeFingerprint> _exact = [];
    private readonly List<CodeFingerprint> _abstracted = [];
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly HashSet<ulong> _public = [];
    private readonly List<string> _publicFolders = [];

    /// <summary>Files read so far that were skipped as copies of others.</summary>
    public int Duplicates { get; private set; }

    /// <summary>Lines of the files taken.</summary>
    public long Lines { get; private set; }

    /// <summary>Names a folder whose content is public. Before the first <see cref="AddFolder"/>.</summary>
    public void AddPublicFolder(string root, Action? afterFile = null)
    {
        _publicFolders.Add(root);
        foreach (var path in SourceFiles.List(root))
        {
            if (SourceFiles.Read(root, path) is { } text)
            {
                _vocabulary.Add(CodeTokenizer.Tokenize(text, key.Seed));
            }

            afterFile?.Invoke();
        }
    }

    /// <summary>Adds the source files of a folder.</summary>
    /// <param name="root">The folder.</param>
    /// <param name="repository">What matches call it.</param>
    /// <param name="afterFile">Called after each file, with its path.</param>
    /// <param name="cancellation">Stops between two files.</param>
    /// <returns>Files taken.</returns>
    public int AddFolder(string root, string repository, Action<string>? afterFile = null, CancellationToken cancellation = default)
    {
        var before = _files.Count;
        foreach (var path in SourceFiles.List(root))
        {
            cancellation.ThrowIfCancellationRequested();
            if (SourceFiles.Read(root, path) is { } text)
            {
                Add(repository, path, text);
            }

            afterFile?.Invoke(path);
        }

        return _files.Count - before;
    }

    /// <summary>Adds one file.</summary>
    public void Add(string repository, string path, string text)
    {
        if (!_seen.Add(Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)))))
        {
            Duplicates++;
            return;
        }

        var lines = 1 + text.AsSpan().Count('\n');
        var number = _files.Count;
        _files.Add(new IndexedFile(repository, path, lines));
        Lines += lines;
        var tokens = CodeTokenizer.Tokenize(text, key.Seed);
        Winnow(text, tokens, tokens.Exact, CodeStream.Exact, number, _exact, MinNamesExact, MinDistinctExact);
        Winnow(text, tokens, tokens.Abstract, CodeStream.Abstracted, number, _abstracted, MinNamesAbstracted, MinDistinctAbstracted);
    }

    /// <summary>The index of what was added.</summary>
    /// <param name="builtAt">Time of the build.</param>
    /// <param name="afterFile">Called after each public file that was compared.</param>
    public CodeIndex Build(DateTimeOffset builtAt, Action? afterFile = null)
    {
        MarkPublic(afterFile);
        return CodeIndex.Create(key, _files, Cap(_exact), Cap(_abstracted), builtAt);
    }

    private void Winnow(
        string text, CodeTokens tokens, ReadOnlySpan<ulong> stream, CodeStream shape, int file, List<CodeFingerprint> into, int minNames, int minDistinct)
    {
        var hashes = shape.Hashes(stream, key);
        var distinct = new HashSet<ulong>();
        foreach (var at in shape.Winnow(hashes))
        {
            distinct.Clear();
            var names = 0;
            var telling = 0;
            var marks = 0;
            for (var i = at; i < at + shape.Gram; i++)
            {
                var isNew = distinct.Add(stream[i]);
                marks += tokens.Kinds[i] == CodeTokenKind.Punctuation && !ProseMarks.Contains(text[tokens.Starts[i]]) ? 1 : 0;
                if (tokens.Kinds[i] == CodeTokenKind.Identifier)
                {
                    names++;
                    telling += isNew && _vocabulary.IsTelling(tokens.Exact[i], text.AsSpan(tokens.Starts[i], tokens.Ends[i] - tokens.Starts[i])) ? 1 : 0;
                }
            }

            if (names >= minNames && distinct.Count >= minDistinct && marks * TokensPerMark >= shape.Gram)
            {
                into.Add(new CodeFingerprint(hashes[at], file, tokens.Lines[at], (byte)(1 + Math.Min(2, telling))));
            }
        }
    }

    /// <summary>Public code is compared k-gram by k-gram with what was taken, so that the public side needs no index of its own.</summary>
    private void MarkPublic(Action? afterFile)
    {
        if (_publicFolders.Count == 0)
        {
            return;
        }

        var taken = _exact.Concat(_abstracted).Select(f => f.Hash).ToHashSet();
        foreach (var root in _publicFolders)
        {
            foreach (var path in SourceFiles.List(root))
            {
                if (SourceFiles.Read(root, path) is { } text)
                {
                    var tokens = CodeTokenizer.Tokenize(text, key.Seed);
                    foreach (var hash in CodeStream.Exact.Hashes(tokens.Exact, key).Concat(CodeStream.Abstracted.Hashes(tokens.Abstract, key)))
                    {
                        if (taken.Contains(hash))
                        {
                            _public.Add(hash);
                        }
                    }
                }

                afterFile?.Invoke();
            }
        }
    }

    /// <summary>Each fingerprint once a file, in few files, and none that is public.</summary>
    private List<CodeFingerprint> Cap(List<CodeFingerprint> fingerprints)
    {
        var kept = new List<CodeFingerprint>(fingerprints.Count);
        var ofHash = 0;
        foreach (var fingerprint in fingerprints.OrderBy(f => f.Hash).ThenBy(f => f.File).ThenBy(f => f.Line))
        {
            var same = kept.Count > 0 && kept[^1].Hash == fingerprint.Hash;
            ofHash = same ? ofHash : 0;
            if (_public.Contains(fingerprint.Hash) || ofHash >= CodeIndex.MaxPostings || (same && kept[^1].File == fingerprint.File))
            {
                continue;
            }

            kept.Add(fingerprint);
            ofHash++;
        }

        return kept;
    }
}
